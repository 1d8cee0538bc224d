"""Records what transformers makes of conversations with chat templates.

usage: python make_chat_golden.py OUT.json TEMPLATES...     (needs transformers and jinja2)

TEMPLATES are .jinja files or folders of them. Every template is given every conversation of
conversations.json, with and without a generation prompt. The output holds, per template, its source
and per conversation either the text and the places of {% generation %} (in code points) or the
error: "raised" with the template's own message, or "failed" with the name of Python's exception.
The time is 2026-01-02 03:04:05.
"""

import datetime
import json
import pathlib
import sys

import jinja2
from transformers.utils import chat_template_utils


HOME = pathlib.Path(__file__).resolve().parent.parent


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 2, 3, 4, 5)


chat_template_utils.datetime = Fixed


def render(source, given, prompt, tokens):
    arguments = dict(tokens, **given.get("variables", {}))
    try:
        texts, places = chat_template_utils.render_jinja_template(
            [json.loads(json.dumps(given["messages"]))],
            tools=given.get("tools"),
            documents=given.get("documents"),
            chat_template=source,
            return_assistant_tokens_mask=True,
            add_generation_prompt=prompt,
            **arguments,
        )
        return dict(text=texts[0], generations=places[0])
    except jinja2.exceptions.TemplateSyntaxError as e:
        return dict(refused=str(e))
    except jinja2.exceptions.TemplateError as e:
        if type(e) is jinja2.exceptions.TemplateError:
            return dict(raised=str(e))
        return dict(failed=type(e).__name__, message=str(e))
    except Exception as e:
        return dict(failed=type(e).__name__, message=str(e))


def conversations():
    given = json.loads((HOME / "model/src/test/resources/chat/conversations.json").read_text())
    for name, case in given["cases"].items():
        case = dict(case)
        if case.pop("tools", False):
            case["tools"] = given["tools"]
        if case.pop("documents", False):
            case["documents"] = given["documents"]
        for prompt in (False, True):
            yield name + ("+prompt" if prompt else ""), case, prompt, given["tokens"]


def main(out, *places):
    files = []
    for place in map(pathlib.Path, places):
        files += sorted(place.rglob("*.jinja")) if place.is_dir() else [place]
    recorded = []
    for file in files:
        source = file.read_text(encoding="utf-8")
        cases = {name: render(source, case, prompt, tokens) for name, case, prompt, tokens in conversations()}
        recorded.append(dict(name=f"{file.parent.name}/{file.name}", source=source, cases=cases))
    text = json.dumps(recorded, ensure_ascii=False, indent=0)
    pathlib.Path(out).write_text(text + "\n", encoding="utf-8")
    texts = sum("text" in c for r in recorded for c in r["cases"].values())
    print(f"{len(recorded)} templates, {texts} texts of {sum(len(r['cases']) for r in recorded)} cases")


if __name__ == "__main__":
    main(*sys.argv[1:])
