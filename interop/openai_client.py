"""OpenAI's own client against a running 'banyan serve'.

usage: python openai_client.py URL [KEY]        (needs openai; URL is http://127.0.0.1:8000/v1, say)

Chat plain and streamed, several answers, probabilities, a tool the model must call, an answer under a JSON schema,
completions, models, and what is refused. Prints a line and exits 1 at the first that is not as it should be.
"""
import json
import sys

import openai

client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2] if len(sys.argv) > 2 else "none", max_retries=0)
model = client.models.list().data[0].id
assert client.models.retrieve(model).id == model
ask = {"model": model, "messages": [{"role": "user", "content": "What is 2 + 3?"}], "max_tokens": 12, "temperature": 0}

plain = client.chat.completions.create(**ask)
text = plain.choices[0].message.content
assert plain.usage.completion_tokens <= 12 and plain.choices[0].finish_reason in ("stop", "length"), plain
parts = list(client.chat.completions.create(**ask, stream=True, stream_options={"include_usage": True}))
assert "".join(p.choices[0].delta.content or "" for p in parts if p.choices) == text, parts
assert parts[-1].usage == plain.usage, parts[-1]

several = client.chat.completions.create(**ask | {"temperature": 1}, n=3, seed=7, logprobs=True, top_logprobs=2)
assert [c.index for c in several.choices] == [0, 1, 2]
assert all(t.logprob <= 0 and len(t.top_logprobs) == 2 for t in several.choices[0].logprobs.content)
again = client.chat.completions.create(**ask | {"temperature": 1}, n=3, seed=7)
assert [c.message.content for c in again.choices] == [c.message.content for c in several.choices]

schema = {"type": "object", "properties": {"sure": {"type": "boolean"}, "word": {"enum": ["yes", "no"]}},
          "required": ["sure", "word"], "additionalProperties": False}
formed = client.chat.completions.create(**ask | {"max_tokens": 60}, response_format={
    "type": "json_schema", "json_schema": {"name": "answer", "schema": schema, "strict": True}})
assert set(json.loads(formed.choices[0].message.content)) == {"sure", "word"}, formed
called = client.chat.completions.create(**ask | {"max_tokens": 60}, tool_choice="required", tools=[
    {"type": "function", "function": {"name": "answer", "parameters": schema}}])
call = called.choices[0].message.tool_calls[0]
assert call.function.name == "answer" and set(json.loads(call.function.arguments)) == {"sure", "word"}, called

done = client.completions.create(model=model, prompt=["the", "a tree"], max_tokens=5, echo=True, logprobs=1)
assert len(done.choices) == 2 and done.choices[1].text.startswith("a tree"), done

for bad, error in (({"model": "no-such-model"}, openai.NotFoundError), ({"temperature": -1}, openai.BadRequestError),
                   ({"max_tokens": -5}, openai.BadRequestError), ({"n": 0}, openai.BadRequestError)):
    try:
        client.chat.completions.create(**ask | bad)
        raise SystemExit(f"{bad} was not refused")
    except error as e:
        assert e.body["message"], e
print(f"openai {openai.__version__}: all as it should be ({model})")
