"""Writes random templates and what transformers makes of them, for ChatTemplates.java.

usage: python random_templates.py OUT.json COUNT SEED     (needs transformers and jinja2)

Templates are grown from the grammar of what chat templates may use: literals, operators, filters,
tests, methods, loops, macros, whitespace marks. Many of them fail in Python; they must fail here too.
"""

import json
import pathlib
import random
import sys

import make_chat_golden

CASES = ("user", "system-turns", "tool-calls+prompt")


class Grower:
    def __init__(self, rnd):
        self.r = rnd

    def pick(self, *choices):
        return self.r.choice(choices)

    def chance(self, p):
        return self.r.random() < p

    # ---- expressions by the type they probably have

    def expr(self, d, kind=None):
        if d <= 0:
            return self.leaf(kind)
        kind = kind or self.pick("str", "str", "int", "num", "list", "dict", "bool", "any")
        if self.chance(0.06):
            kind = self.pick("str", "int", "num", "list", "dict", "bool", "any")
        if self.chance(0.08):
            return f"({self.expr(d - 1, kind)} if {self.expr(d - 1, 'bool')} else {self.expr(d - 1, kind)})"
        return getattr(self, kind)(d - 1)

    def leaf(self, kind):
        if kind is None:
            kind = self.pick("str", "int", "num", "list", "dict", "bool", "any")
        return {
            "str": lambda: self.pick("'a'", '"it\'s"', "'Hello, World'", "''", "' x y\\n'", "'a-b-c'", "'äß🌳é'", "'<b>&'", "'12'", "'ABC def'", "'\\t1.5 '", "bos_token", "messages[0].content", "messages[0]['role']", "'%s|%d'", "'{}-{}'", "'line\\nline2\\r\\nl3'"),
            "int": lambda: self.pick("0", "1", "2", "-1", "3", "7", "10", "-5", "messages|length", "loop.index", "100"),
            "num": lambda: self.pick("1.5", "0.1", "-2.75", "1e20", "1e-7", "2.0", "3", "1e16", "123456.789"),
            "list": lambda: self.pick("[]", "[1, 2, 3]", "['b', 'a', 'C']", "messages", "[1, 'a', none, true, 1.5]", "range(4)", "[[1, 2], [3, 4]]", "(1, 2)", "('x',)", "tools", "[3, 1, 2]", "['x', 'y', 'x']", "[{'n': 2, 'g': 'b'}, {'n': 1, 'g': 'a'}, {'n': 3, 'g': 'b'}]"),
            "dict": lambda: self.pick("{}", "{'a': 1, 'b': 2}", "messages[0]", "messages[-1]", "{'B': 2, 'a': 'x', 'c': [1]}", "{1: 'a', 'k': none}", "tools[0].function"),
            "bool": lambda: self.pick("true", "false", "True", "none", "add_generation_prompt", "tools", "nope", "x is defined"),
            "any": lambda: self.pick("none", "nope", "x", "y", "messages", "true", "ns.a", "1", "'q'"),
        }[kind]()

    def str(self, d):
        e = lambda k=None: self.expr(d, k)
        m = self.r.randrange(22)
        if m == 0:
            return f"{e('str')} + {e('str')}"
        if m == 1:
            return f"{e()} ~ {e()}"
        if m == 2:
            return f"({e('str')}).{self.pick('strip', 'lstrip', 'rstrip', 'upper', 'lower', 'title', 'capitalize', 'swapcase', 'casefold')}()"
        if m == 3:
            return f"({e('str')}).{self.pick('strip', 'lstrip', 'rstrip')}({self.pick('', chr(39) + 'aH ' + chr(39), chr(39) + 'd' + chr(39), 'none')})"
        if m == 4:
            return f"({e('str')}).split({self.pick('', repr('-'), repr(' '), repr('l'), repr('-') + ', 1', 'none, 1', 'sep=' + repr('a'))})[{self.pick('0', '-1', '1')}]"
        if m == 5:
            return f"({e('str')}).replace({self.leaf('str')}, {self.leaf('str')}{self.pick('', ', 1', ', 0')})"
        if m == 6:
            return f"({e('list')}) | join({self.pick('', repr(', '), e('str'))})"
        if m == 7:
            return f"({e()}) | tojson{self.pick('', '(indent=2)', '(indent=4)', '(ensure_ascii=true)', '(sort_keys=true)', '(separators=(' + repr(',') + ', ' + repr(':') + '))')}"
        if m == 8:
            return f"({e()}) | string"
        if m == 9:
            return f"({e('str')})[{self.slice()}]"
        if m == 10:
            return f"({e('str')}) * {self.pick('0', '2', '-1', '3')}"
        if m == 11:
            return f"({e('str')}) | {self.pick('trim', 'upper', 'lower', 'title', 'capitalize', 'e', 'safe', 'escape', 'forceescape', 'striptags', 'reverse', 'first', 'last', 'urlencode', 'indent', 'indent(2, true)', 'indent(width=3, blank=true)', 'center(12)', 'truncate(5)', 'truncate(7, true, ' + repr('-') + ')', 'trim(' + repr('a') + ')', 'replace(' + repr('l') + ', ' + repr('L') + ')')}"
        if m == 12:
            return f"({e()}) | default({e('str')}{self.pick('', ', true', ', boolean=true')})"
        if m == 13:
            return f"'%s and %s' % ({e()}, {e()})"
        if m == 14:
            return f"'{self.pick('%d', '%5d', '%-4d|', '%05.2f', '%x', '%+d', '%.3e', '%g', '%r', '%5s|', '%-5s|', '%.2s')}' % ({e(self.pick('int', 'num', 'str'))},)"
        if m == 15:
            return f"'{self.pick('{}', '{:>6}', '{:<6}|', '{:^7}|', '{:05}', '{:.2f}', '{:,}', '{:x}', '{!r}', '{0}{0}', '{:e}', '{:g}', '{:+}', '{:*^9}', '{:.3}', '{:%}')}'.format({e(self.pick('int', 'num', 'str'))})"
        if m == 16:
            return f"'{self.pick('%s', '%s-%s', '%05d')}' | format({e()}{self.pick('', ', ' + e())})"
        if m == 17:
            return f"({e('str')}).{self.pick('partition', 'rpartition')}({self.pick(repr('-'), repr('l'), repr(' '))})[{self.pick('0', '1', '2')}]"
        if m == 18:
            return f"({e('str')}).{self.pick('ljust', 'rjust', 'center', 'zfill')}({self.pick('0', '5', '8', '13')})"
        if m == 19:
            return f"({e('str')}).{self.pick('removeprefix', 'removesuffix')}({self.leaf('str')})"
        if m == 20:
            return f"({e('str')}).join({self.pick(e('list'), '[' + e('str') + ', ' + e('str') + ']')})"
        return f"({e('dict')}).get({self.leaf('str')}{self.pick('', ', ' + e('str'))})"

    def slice(self):
        part = lambda: self.pick("", "", "0", "1", "-1", "2", "-2", "5", "none")
        return self.pick(f"{part()}:{part()}", f"{part()}:{part()}:{self.pick('', '-1', '2', '1', '-2')}", "::-1", "1:", ":-1")

    def int(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"{e('int')} {self.pick('+', '-', '*')} {e('int')}",
            lambda: f"{e('int')} {self.pick('//', '%')} {e('int')}",
            lambda: f"{e(self.pick('list', 'str', 'dict'))} | {self.pick('length', 'count')}",
            lambda: f"({e('str')}).{self.pick('find', 'rfind', 'count', 'index')}({self.leaf('str')})",
            lambda: f"-({e('int')})",
            lambda: f"({e(self.pick('str', 'num', 'int'))}) | int{self.pick('', '(7)', '(default=3)', '(0, 16)')}",
            lambda: f"{e('int')} ** {self.pick('0', '2', '3')}",
            lambda: f"({e('list')}) | {self.pick('sum', 'min', 'max', 'first', 'last')}",
            lambda: f"({e('int')}) | abs",
            lambda: f"({e('list')}).{self.pick('index', 'count')}({e()})",
        )()

    def num(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"{e('num')} {self.pick('+', '-', '*', '/', '//', '%')} {e('num')}",
            lambda: f"{e('int')} / {e('int')}",
            lambda: f"({e('num')}) | round{self.pick('', '(1)', '(2)', '(0, ' + repr('ceil') + ')', '(1, ' + repr('floor') + ')')}",
            lambda: f"({e(self.pick('str', 'int', 'num'))}) | float{self.pick('', '(1.5)')}",
            lambda: f"({e('num')}) | abs",
            lambda: e("int"),
        )()

    def list(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"{e('list')} + {e('list')}",
            lambda: f"({e('list')})[{self.slice()}]",
            lambda: f"({e('str')}).{self.pick('split()', 'splitlines()', 'split(' + repr('-') + ')', 'rsplit(' + repr(' ') + ', 1)', 'splitlines(true)', 'rsplit(none, 1)')}",
            lambda: f"({e('list')}) | {self.pick('sort', 'sort(reverse=true)', 'sort(case_sensitive=true)', 'unique | list', 'reverse | list', 'list', 'map(' + repr('string') + ') | list', 'map(' + repr('upper') + ') | list', 'map(' + repr('int') + ') | list', 'batch(2) | list', 'slice(2) | list', 'batch(2, 0) | list')}",
            lambda: f"({e('list')}) | {self.pick('select', 'reject')}({self.pick('', repr('string'), repr('number'), repr('gt') + ', 1', repr('in') + ', [1, 2]', repr('none'), repr('equalto') + ', ' + repr('a'))}) | list",
            lambda: f"messages | {self.pick('selectattr', 'rejectattr')}('role', '{self.pick('equalto', 'eq', '==', 'ne', 'in')}', {self.pick(repr('user'), repr('system'), '[' + repr('user') + ']')}) | list",
            lambda: f"messages | map(attribute='{self.pick('role', 'content', 'nope', 'content.0')}'{self.pick('', ', default=' + repr('-'))}) | list",
            lambda: f"({e('dict')}) | {self.pick('items | list', 'dictsort', 'dictsort(reverse=true)', 'list', 'dictsort(by=' + repr('value') + ')')}",
            lambda: f"({e('dict')}).{self.pick('items()', 'keys()', 'values()')} | list",
            lambda: f"[{e()}, {e()}]",
            lambda: f"({e()}, {e()})",
            lambda: f"[{{'n': 2, 'g': 'b'}}, {{'n': 1, 'g': 'a'}}, {{'n': 3, 'g': 'b'}}] | {self.pick('groupby(' + repr('g') + ')', 'sort(attribute=' + repr('n') + ')', 'sort(attribute=' + repr('g,n') + ')', 'map(attribute=' + repr('n') + ') | list', 'sum(attribute=' + repr('n') + ')', 'max(attribute=' + repr('n') + ')')} | list",
            lambda: f"({e('str')}) | list",
        )()

    def dict(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"{{'a': {e()}, 'b': {e()}}}",
            lambda: f"dict(a={e()}, b={e()})",
            lambda: f"({e('list')})[{self.pick('0', '-1')}]",
            lambda: f"{{{e(self.pick('str', 'int'))}: {e()}}}",
            lambda: "messages[0]",
        )()

    def bool(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"{e()} {self.pick('==', '!=')} {e()}",
            lambda: f"{e('num')} {self.pick('<', '<=', '>', '>=')} {e('num')}",
            lambda: f"{e('int')} < {e('int')} <= {e('int')}",
            lambda: f"{e('str')} {self.pick('in', 'not in')} {e(self.pick('str', 'list', 'dict'))}",
            lambda: f"{e()} is {self.pick('', 'not ')}{self.pick('defined', 'undefined', 'none', 'string', 'number', 'integer', 'float', 'boolean', 'mapping', 'iterable', 'sequence', 'true', 'false', 'callable', 'escaped', 'lower', 'upper')}",
            lambda: f"{e('int')} is {self.pick('odd', 'even', 'divisibleby 2', 'divisibleby(3)', 'gt 1', 'eq(2)', 'lt 3', 'in [1, 2]', 'sameas 1')}",
            lambda: f"not {e('bool')}",
            lambda: f"({e('bool')} {self.pick('and', 'or')} {e('bool')})",
            lambda: f"({e('str')}).{self.pick('startswith', 'endswith')}({self.pick(self.leaf('str'), '(' + repr('a') + ', ' + repr('H') + ')')})",
            lambda: f"({e('str')}).{self.pick('isdigit', 'isalpha', 'isspace', 'isupper', 'islower', 'isalnum', 'istitle', 'isnumeric', 'isascii')}()",
        )()

    def any(self, d):
        e = lambda k=None: self.expr(d, k)
        return self.pick(
            lambda: f"({e(self.pick('list', 'str', 'dict'))})[{e(self.pick('int', 'str'))}]",
            lambda: f"({e(self.pick('dict', 'any'))}).{self.pick('a', 'role', 'content', 'x', 'items', 'b')}",
            lambda: f"{e('any')} {self.pick('or', 'and')} {e('any')}",
            lambda: e("str"),
            lambda: f"{e()} | {self.pick('first', 'last', 'length', 'list', 'string', 'upper', 'tojson', 'sort', 'items | list', 'trim', 'join(' + repr('-') + ')')}",
            lambda: f"m({e()}{self.pick('', ', ' + e(), ', b=' + e())})",
        )()

    # ---- statements

    def tag(self, text):
        return "{%" + self.pick("", "", "", "-", "+") + self.pick(" ", "  ", "") .join(["", ""]) + " " + text + " " + self.pick("", "", "", "-", "+") + "%}"

    def data(self):
        return self.pick("", "", "a", "\n", "  ", " b \n", "\n\n", "\n  ", "x\n    ", "}", "{ ", "\t", "end.\n", "\r\n ", "{#c#}", "  {# c -#}\n ", " {#- c\n#}\n", "#}")

    def statement(self, d):
        e = lambda k=None: self.expr(2, k)
        body = lambda: self.body(d - 1)
        t = self.tag
        if d <= 0 or self.chance(0.4):
            return "{{" + self.pick("", "", "-", " ") + " " + self.expr(3) + " " + self.pick("", "", "-") + "}}"
        return self.pick(
            lambda: t(f"if {e('bool')}") + body() + t("endif"),
            lambda: t(f"if {e('bool')}") + body() + t(f"elif {e('bool')}") + body() + t("else") + body() + t("endif"),
            lambda: t(f"for x in {e('list')}") + body() + t("endfor"),
            lambda: t(f"for x in {e('list')} if {self.pick('x', 'x is string', 'x != 1', 'x is not none')}") + body() + t("else") + body() + t("endfor"),
            lambda: t(f"for k, v in {e('dict')}.items()") + "{{ k }}={{ v }}" + body() + t("endfor"),
            lambda: t(f"for x in {e('list')}") + "{{ " + self.pick("loop.index", "loop.first", "loop.last", "loop.length", "loop.revindex0", "loop.previtem", "loop.nextitem", "loop.cycle(1, 'b')", "loop.changed(x)", "loop.index0 ~ loop.depth") + " }}" + self.pick("", t("if loop.index > 2") + t("break") + t("endif"), t(f"if {e('bool')}") + t("continue") + t("endif")) + body() + t("endfor"),
            lambda: t(f"set {self.pick('x', 'y')} = {e()}") + body(),
            lambda: t(f"set ns.a = {e()}") + body(),
            lambda: t("set y" + self.pick("", " | trim", " | upper | replace('A', 'b')")) + body() + t("endset") + "{{ y }}",
            lambda: t(f"set x, y = {e()}, {e()}") + body(),
            lambda: t(f"with x = {e()}, z = {e()}") + body() + t("endwith"),
            lambda: t("filter " + self.pick("upper", "trim", "replace('a', 'b') | title", "indent(2)")) + body() + t("endfilter"),
            lambda: t("generation") + body() + t("endgeneration"),
            lambda: t("raw") + "{{ x }} {% y %}" + t("endraw"),
            lambda: t("macro n(p, q=" + e() + ")") + "{{ p }}/{{ q }}" + body() + t("endmacro") + "{{ n(" + e() + ") }}",
            lambda: t("macro o(p)") + "[{{ caller(p) }}]" + t("endmacro") + t("call(r) o(" + e() + ")") + "{{ r }}" + body() + t("endcall"),
            lambda: t("for x in [[1, [2]], 3] recursive") + self.pick("{{ loop(x) if x is sequence and x is not string else x }}", "{{ loop.depth0 }}") + t("endfor"),
        )()

    def body(self, d):
        return "".join(self.data() + self.statement(d) + self.data() for _ in range(self.r.randrange(1, 3)))

    def template(self):
        head = "{% set ns = namespace(a=1, b='t') %}{% set x = " + self.leaf(None) + " %}\n{% macro m(a, b='B') %}({{ a }}{{ b }}){% endmacro %}"
        return head + self.body(3)


def main(out, count, seed):
    recorded = []
    chosen = [c for c in make_chat_golden.conversations() if c[0] in CASES]
    for number in range(int(count)):
        source = Grower(random.Random(f"{seed}/{number}")).template()
        cases = {n: make_chat_golden.render(source, case, prompt, tokens) for n, case, prompt, tokens in chosen}
        recorded.append(dict(name=f"random-{seed}-{number}", source=source, cases=cases))
    # templates hold lone carriage returns and the like: ASCII keeps them in the file
    pathlib.Path(out).write_text(json.dumps(recorded, indent=0) + "\n")
    kinds = [("text" if "text" in c else "refused" if "refused" in c else "failed") for r in recorded for c in r["cases"].values()]
    print({k: kinds.count(k) for k in sorted(set(kinds))})


if __name__ == "__main__":
    main(*sys.argv[1:])
