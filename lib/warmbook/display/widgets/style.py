"""How the form looks: one block of CSS on JupyterLab's theme variables."""

from __future__ import annotations

STYLE = """<style>
.warmbook-form{color:var(--jp-ui-font-color1,#1f2328);background:var(--jp-layout-color1,#fff);
  border:1px solid var(--jp-border-color2,#d1d9e0);border-radius:6px;padding:10px 16px;
  max-width:60em;container-type:inline-size;--wb-bad:#b3261e;--wb-good:#1b7f3b}
[data-jp-theme-light=false] .warmbook-form{--wb-bad:#ff7b72;--wb-good:#56d364}
.warmbook-form .widget-html,.warmbook-form .widget-html-content{height:auto;line-height:1.4}
.warmbook-form .wb-field{margin:2px 0;overflow:visible}
.warmbook-form .wb-field .widget-inline-hbox{height:auto;width:100%;margin:0;align-items:baseline}
.warmbook-form .wb-field .widget-label{flex:0 0 13em;width:13em;min-width:0;height:auto;
  color:inherit;white-space:normal;overflow:visible;line-height:1.3;text-align:right}
.warmbook-form .wb-field :is(input,select){flex:1 1 12em;min-width:0;max-width:44em;
  min-height:var(--jp-widgets-inline-height,28px)}
.warmbook-form input{text-overflow:ellipsis}
.warmbook-form ::placeholder{color:var(--jp-ui-font-color2,#59636e);opacity:1}
.warmbook-form .wb-below{margin-left:calc(13em + 8px)}
.warmbook-form .wb-help{color:var(--jp-ui-font-color2,#59636e);font-size:90%}
.warmbook-form .wb-bad{color:var(--wb-bad);font-weight:600}
.warmbook-form .wb-good{color:var(--wb-good);font-weight:600}
.warmbook-form .wb-offer{margin-left:calc(13em + 8px);width:auto;max-width:calc(100% - 13em - 8px);
  height:auto;min-height:28px;line-height:1.4;padding:4px 10px;white-space:normal;
  overflow-wrap:anywhere;text-align:left}
.warmbook-form .wb-notice{border-left:3px solid var(--jp-brand-color1,#0969da);
  padding:2px 10px;margin-bottom:6px}
.warmbook-form .wb-topic{width:100%;height:auto;min-height:30px;margin:6px 0 2px;padding:4px 8px;
  line-height:1.4;white-space:normal;text-align:left;font-weight:600;box-shadow:none;
  color:var(--jp-ui-font-color1,#1f2328);background:var(--jp-layout-color2,#f3f4f6)}
.warmbook-form :is(input,select,button):focus-visible{
  outline:2px solid var(--jp-brand-color1,#0969da)}
[data-jp-theme-light=false] .warmbook-form select{
  color-scheme:dark;appearance:auto;background-image:none}
@container (max-width:32em){
  .warmbook-form .wb-field .widget-inline-hbox{flex-flow:column nowrap;align-items:stretch}
  .warmbook-form .wb-field .widget-label{flex:none;width:auto;text-align:left}
  .warmbook-form .wb-field :is(input,select){flex:none;width:100%}
  .warmbook-form :is(.wb-below,.wb-offer){margin-left:0;max-width:100%}}
</style>"""


def style_of(name: str) -> str:
    """Return the form's look for the class `name`: the form's own would make it a second form."""
    return STYLE.replace(".warmbook-form", f".{name}")
