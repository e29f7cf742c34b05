import { getTemplate, type WidgetProps } from "@rjsf/utils";

/** Like rjsf's own, but browsers fill nobody's password into it. */
export function PasswordWidget(props: WidgetProps) {
  const { options, registry } = props;
  const Input = getTemplate<"BaseInputTemplate">("BaseInputTemplate", registry, options);
  return <Input type="password" {...props} options={{ ...options, autocomplete: "new-password" }} />;
}
