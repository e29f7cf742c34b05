// Tells the server the browser's time zone, so that it can write times as this person reads the clock.

const NAME = "webnet_timezone";
const YEAR_SECONDS = 365 * 24 * 60 * 60;

export function rememberTimeZone({ path }) {
  const zone = encodeURIComponent(Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC");
  if (document.cookie.split("; ").includes(`${NAME}=${zone}`)) {
    return;
  }
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${NAME}=${zone}; Path=${path}; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}
