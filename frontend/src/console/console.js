// The console's script. Every page works without it: it makes waiting visible, and replaces parts of a page in place.
import "./htmx.js";
import "htmx-ext-sse";

import { leaveNoFormBehind } from "./answered_forms.js";
import { offerCopying } from "./copying.js";
import { hearWhatCameEarly } from "./early.js";
import { keepFocus } from "./focus.js";
import { rememberTimeZone } from "./time_zone.js";
import { askBeforeLosing } from "./unsaved.js";
import { showWaiting } from "./waiting.js";

const { root = "/", signIn = "/sign-in/" } = document.currentScript.dataset;

hearWhatCameEarly();
rememberTimeZone({ path: root });
showWaiting({ signIn });
keepFocus();
offerCopying();
leaveNoFormBehind();
askBeforeLosing();
