"""Writes tests/fixtures/chat-templates/jinja2.json: what jinja2 makes of templates, set up as transformers sets it up."""

import json
from pathlib import Path

import jinja2.ext
from jinja2.sandbox import ImmutableSandboxedEnvironment

TARGET = Path(__file__).parents[2] / "tests" / "fixtures" / "chat-templates" / "jinja2.json"
MESSAGES = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi", "n": 1},
    {"role": "assistant", "content": "Hello 😀", "n": 2},
    {"role": "user", "content": "Bye"},
]
TEMPLATES = r"""
{{ messages | selectattr('role','equalto','user') | list | length }}
{{ messages | selectattr('role','==','user') | map(attribute='content') | join('|') }}
{{ messages | rejectattr('role','in',['system','user']) | map(attribute='role') | list }}
{{ messages | rejectattr('role','equalto','user') | list | length }}
{{ [1,2,3,4] | select('odd') | list }}
{{ [1,2,3,4] | reject('odd') | list }}
{{ [1,2,0,none,'',4] | select | list }}
{{ [1,2,0,none,'',4] | reject | list }}
{{ [1,2,3] | select('gt', 1) | list }}
{{ ['a','b'] | select('equalto','a') | list }}
{{ ['a','b','c'] | reject('in', ['a']) | join(',') }}
{{ ['a',1,none] | select('string') | list }}
{{ [3,6,7] | select('divisibleby', 3) | list }}
{{ ['a ',' b'] | map('trim') | list }}
{{ ['a','b'] | map('upper') | join(', ') }}
{{ [1,2] | map('string') | join('-') }}
{{ [{'a':1},{'b':2}] | map('tojson') | join('; ') }}
{{ ['x,y','z'] | map('replace', ',', ';') | list }}
{{ [{'a':{'b':1}},{'a':{}}] | map(attribute='a.b') | list }}
{{ [{'a':1},{}] | map(attribute='a', default=5) | list }}
{{ [[1,2],[3]] | map('first') | list }}
{{ [[1,2],[3]] | map('length') | sum }}
{{ [[1,2],[3]] | map(attribute=0) | list }}
{{ ['a','b'] | map('indent', 2, true) | list }}
{{ [1,2,3] | sum }}
{{ [{'a':1},{'a':2}] | sum(attribute='a') }}
{{ [1,2,3] | sum(start=10) }}
{{ [3,1,2] | min }}{{ [3,1,2] | max }}
{{ ['b','A','c'] | min }}{{ ['b','A','c'] | max }}
{{ [] | min }}
{{ [{'a':3},{'a':1}] | max(attribute='a') }}
{{ [1.5, 2.5] | map('round') | list }}
{{ 3.14159 | round(2) }} {{ 2.5 | round }} {{ 3 | round }}
{{ 42.7 | round(0,'floor') }} {{ 42.1 | round(0,'ceil') }} {{ 42.55 | round(1, 'floor') }}
{{ 3.7 | int }} {{ -3.7 | int }} {{ '12' | int }} {{ '12x' | int }} {{ ' 7 ' | int }} {{ 'x' | int(5) }} {{ '3.9' | int }} {{ none | int }}
{{ '1.5' | float }} {{ '1.5x' | float }} {{ 'abc' | float(2.0) }} {{ 3 | float }} {{ '1e3' | float }}
{{ 'hello WORLD' | capitalize }} {{ 'hELLO wORLD' | title }} {{ 'x' | upper }} {{ "it's o'neil-a b_c" | title }}
{{ 'hello WORLD'.capitalize() }} {{ 'hELLO wORLD'.title() }}
{{ '😀a' | length }} {{ 'abc' | count }} {{ {'a':1} | count }} {{ [1] | count }}
{{ 'abc' | list }} {{ {'a':1,'b':2} | list }} {{ (1,2) | list }}
{{ 'abc' | first }} {{ 'abc' | last }} {{ {'a':1} | first }}
{{ 'abc' | reverse }} {{ [1,2] | reverse | list }}
{{ [1,2,1,3] | unique | list }} {{ ['a','A','b'] | unique | list }}
{{ [3,1,2] | sort }} {{ ['b','A'] | sort }} {{ [{'a':2},{'a':1}] | sort(attribute='a') }} {{ [1,3,2] | sort(reverse=true) }}
{{ none | default('x') }} {{ '' | default('x', true) }} {{ u | default('x') }} {{ u | d('y') }} {{ none | default('z', true) }} {{ false | default('q', boolean=true) }}
{{ 'a b  c' | wordcount }}
{{ '<a>&"' | e }} {{ '<a>' | escape }}
{{ 'xxaxx' | trim('x') }} {{ '  a ' | trim }}
{{ 'a,b' | replace(',', ';') }} {{ 'aaa' | replace('a','b',2) }}
{{ [1,2,3,4,5] | batch(2) | list }} {{ [1,2,3] | batch(2, 0) | list }}
{% for r, g in [{'r':'a','v':1},{'r':'b','v':2},{'r':'a','v':3}] | groupby('r') %}{{ r }}:{{ g | map(attribute='v') | list }};{% endfor %}
{{ 'abc' is in ['abc'] }} {{ 1 is in [1,2] }} {{ 'a' is in 'abc' }}
{{ 3 is divisibleby(3) }} {{ 3 is divisibleby 2 }}
{{ 1 is eq 1 }} {{ 1 is equalto 1 }} {{ 1 is ne 2 }} {{ 2 is gt 1 }} {{ 2 is ge(2) }} {{ 1 is lt 2 }} {{ 1 is le 1 }}
{{ none is sameas none }} {{ 'a' is sameas 'a' }}
{{ 1.0 is float }} {{ 1 is float }} {{ true is integer }} {{ true is number }} {{ 1 is integer }}
{{ {'a':1} is iterable }} {{ [1] is sequence }} {{ 'a' is iterable }} {{ {'a':1} is mapping }} {{ none is iterable }} {{ 1 is sequence }} {{ u is iterable }} {{ (1,2) is sequence }}
{{ 'ABC' is upper }} {{ 'abc' is lower }} {{ '' is lower }} {{ '1' is upper }}
{{ range(3) | list }} {{ range(1, 4) | join(',') }} {{ range(5,0,-2) | list }}
{{ 'a' in {'a':1} }} {{ 1 in [1.0] }} {{ '1' in [1] }} {{ [1] in [[1]] }} {{ none in [none] }} {{ 'x' not in 'abc' }} {{ true in [1] }}
{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 2 ** 3 }} {{ 2 ** -1 }} {{ 7.5 // 2 }} {{ 1 / 3 }}
{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }}
{{ 'a' < 'b' }} {{ 'a' > 'B' }} {{ [1,2] < [1,3] }}
{{ 'abc'[::-1] }} {{ [1,2,3][1:] }} {{ [1,2,3][:-1] }} {{ 'abc'[-1] }} {{ [1,2,3][::2] }} {{ (1,2,3)[0] }} {{ messages[-1].role }} {{ messages[99] }}| {{ messages[1:] | length }}
{{ messages[0]['role'] }} {{ messages[0].nope }}| {{ messages[0]['nope'] }}|
{{ messages[0].get('role') }} {{ messages[0].get('x') }} {{ messages[0].get('x', 'd') }}
{{ 'a,b,c'.split(',') }} {{ 'a b'.split() }} {{ 'a,b,c'.split(',', 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'a\nb'.splitlines() }}
{{ ','.join(['a','b']) }} {{ ','.join([1] | map('string')) }}
{{ 'abc'.find('c') }} {{ 'abc'.count('b') }} {{ 'abc'.index('b') }} {{ 'abca'.rfind('a') }}
{{ 'abc'.upper() }} {{ 'A'.lower() }} {{ 'abc'.startswith('a') }} {{ 'abc'.endswith(('c','d')) }} {{ 'a-b'.replace('-','+') }}
{{ '12'.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'.isalnum() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ ' '.isspace() }}
{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }}
{{ '%s is %d' | format('a', 3) }} {{ '%.2f' | format(3.14159) }} {{ '%05d' | format(42) }} {{ '%s' % 'a' }} {{ '%s-%s' % ('a','b') }}
{% set ns = namespace(a=1) %}{% set ns.a = ns.a + 1 %}{{ ns.a }}
{% set a, b = 1, 2 %}{{ a }}{{ b }}
{% for x in [1,2,3] %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}
{% for x in [1,2,3] if x > 1 %}{{ x }}{{ loop.index }}{{ loop.length }}{% else %}none{% endfor %}
{% for x in [] %}a{% else %}empty{% endfor %}
{% for k, v in {'a':1,'b':2}.items() %}{{ k }}={{ v }};{% endfor %}
{% for k in {'a':1,'b':2} %}{{ k }};{% endfor %}
{% for x in 'abc' %}{{ x }}-{% endfor %}
{% for x in [1,2,3,4] %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 4 %}{% break %}{% endif %}{{ x }}{% endfor %}
{% for x in u %}a{% else %}undefined{% endfor %}
{% macro f(a, b=2) %}{{ a }}-{{ b }}{% endmacro %}{{ f(1) }} {{ f(1, b=3) }} {{ f(b=1, a=5) }}
{% macro f(x) %}<{{ x }}{{ caller() }}>{% endmacro %}{% call f(1) %}in{% endcall %}
{% filter upper %}abc{% endfilter %}
{% set x %}abc{% endset %}{{ x | upper }}
{% if u is defined and u.a %}a{% else %}b{% endif %}
{% if not messages[0].x %}no{% endif %}
{{ u }}|{{ u | length }}|{{ u | list }}
{{ 'a' if false }}|{{ 'a' if true else 'b' }}
{{ [1,2] | join(', ') }} {{ [1,none,true,1.0] | join(',') }} {{ ['a'] | join }} {{ [{'a':1},{'a':2}] | join(',', attribute='a') }} {{ 'abc' | join('-') }}
{{ {'b':1,'a':2} | tojson(sort_keys=true) }} {{ '<>&' | tojson }} {{ {'a':[]} | tojson(indent=4) }}
{{ 'a\nb\n\nc' | indent }} {{ 'a\nb' | indent(2, true) }} {{ 'a\n\nb' | indent(2, blank=true) }} {{ 'a\nb' | indent('> ') }}
{{ -5 | abs }} {{ 5.5 | abs }}
{{ true | int }} {{ true | string }} {{ none | string }} {{ 1.0 | string }} {{ [1] | string }}
{{ not true }} {{ not 0 }} {{ 1 and 2 }} {{ 0 or 'a' }} {{ none or false }}
{{ "a" "b" }}
{{ [1, 2, 3] | last }} {{ [] | first }}|
{{ messages | map(attribute='role') | unique | list }}
{{ messages | map(attribute='content') | map('length') | list }}
{{ messages | selectattr('role', 'ne', 'user') | first }}
{{ (messages | selectattr('role', 'equalto', 'user') | list)[-1].content }}
{{ messages | selectattr('content','string') | list | length }}
{{ messages | selectattr('role') | map(attribute='role') | join }}
{{ messages | map('dictsort') | list | length }}
{{ messages | map(attribute='n', default='-') | join }}
{{ 'line1\r\nline2' | length }}
{{ 'ß' | upper }} {{ 'İ' | lower | length }} {{ 'ΑΣ' | lower }}
{{ [1,2,3] is iterable and [1,2] is not string }}
{{ 'abc' is not none }} {{ not 'abc' is none }}
{# comment #}x
{%- if true -%} a {%- endif -%} b
{{ '\u00e9\x41\t|' }} {{ 'a\\b' }} {{ 'it\'s' }}
{{ "x" | string | trim | upper | lower }}
{{ [1,[2,[3]]] | tojson }}
{{ messages | length > 2 and messages[0].role == 'system' }}
{{ (messages | length) % 2 == 0 }}
{{ [true, false] | map('string') | list }}
{{ [1,2,3] | map('float') | list }}
{{ ['1','2'] | map('int') | sum }}
{{ ['a','b'] | map('default', 'x') | list }}
{{ [none,'b'] | map('default', 'x', true) | list }}
{{ [('a',1),('b',2)] | map('first') | list }}
{{ {'a':1,'b':2}.items() | map('last') | list }}
{{ {'a':1,'b':2} | map('upper') | list }}
{{ {'a':{'x':1}}.a.x }}
{{ [{'a':1}] | selectattr('a.b') | list }}
{{ [{'a':{'b':2}}] | selectattr('a.b','eq',2) | list }}
{{ [{'a':1},{'a':none},{}] | selectattr('a','none') | list }}
{{ [{'a':1},{'a':none},{}] | rejectattr('a','none') | list }}
{{ [{'a':1},{'a':none},{}] | selectattr('a','undefined') | list }}
{{ 'a' is not in ['a'] }} {{ 1 is not eq 2 }} {{ 3 is not divisibleby(2) }} {{ (1 is in [1]) and 'b' is not in messages[0] }}
{{ 'b' if 1 is gt 0 else 'c' }} {% if messages[0].role is in ['system', 'developer'] and messages | length is ge 2 %}Y{% endif %}
{{ messages[0].none }}|{{ none }}|{{ messages[0].get('x') }}
{{ messages | map(attribute='content') | map('trim') | map('length') | sum }} {{ messages | groupby('role') | map('first') | join(',') }}
{{ messages | rejectattr('n', 'defined') | map(attribute='role') | join(' ') }} {{ messages | selectattr('n') | selectattr('n', '>', 1) | map(attribute='content') | first }}
{{ none | select | list }} {{ 0 | map('upper') | list }} {{ 'abc' | sort(reverse=true) }} {{ {'b': 1, 'a': 2} | sort }} {{ 12 | replace('1', 'x') }}
{{ '%s: %05.1f %r %-4d|%%' | format('a', 2.345, 'b', 7) }} {{ '{} {1}' if false else '{{}} {} {}'.format(1, 'b') }}
{{ 'a b c'.rsplit(none) }} {{ 'a  b'.split() }} {{ '-' * 5 }} {{ 'ab' * 0 }}|
""".strip("\n").split("\n")
TEMPLATES += [
    "a\n  {%+ if true %}\n  b\n  {%+ endif +%}\n c {%+ set x = 1 -%}  d",
    "{% for x in [1] +%}\n  {{ x }}\n  {%+ endfor %}\n{%- if true +%}\n\ny{% else +%}\nz{% endif +%}\n",
    "{% for a, b in [(1, 2), 'xy', [3, 4]] %}{{ a }}-{{ b }};{% endfor %}{% for (a, b) in [(1, 2)] if a %}{{ b }}{% endfor %}",
    "{{ 'a' in ('a',) }} {{ 'a' in ('ab',) }} {{ ('a', 'b',) | join }} {{ ['a',] | length }} {{ 'x,y'.split(',',)[1] }}",
    "{% macro f(a, b=2) %}{{ a }}{{ b }}{% endmacro %}{{ f(1,) }}{{ (((1,),),) | length }}{{ f((1, 2,)[0], b=(3),) }}",
    "{% for i in [1,2] %}{{ x }}{% set x = i %}{% endfor %}|{{ x }}",
    "{% set x = 0 %}{% for i in [1,2] %}{{ x }}{% set x = i %}{{ x }}{% endfor %}|{{ x }}",
    "{% if true %}{% set x = 1 %}{% endif %}{{ x }}",
    "{% for i in [1,2] %}{% if i == 1 %}{% set c = 'a' %}{% endif %}{{ c }}{% endfor %}",
    "{% for i in [1,2] %}{% for j in [1,2] %}{{ y }}{% set y = j %}{% endfor %}{{ y }}{% endfor %}",
    "{% macro f() %}{{ x }}{% set x = 5 %}{{ x }}{% endmacro %}{% set x = 1 %}{{ f() }}{{ x }}",
    "{% for i in [1] %}{% set x = i %}{% macro g() %}{{ i }}{% endmacro %}{{ g() }}{% endfor %}",
    "{% set x %}{% set y = 3 %}{{ y }}{% endset %}{{ x }}{{ y }}",
    "{% for i in [1,2,3] if i > 1 %}{{ k }}{% set k = i %}{% endfor %}",
    "{% for i in [1,2,3] %}{% if loop.first %}{% set f = 'F' %}{% endif %}{{ f }}{{ loop.index }}{% endfor %}",
    "{% for i in [] %}{% else %}{% set e = 1 %}{% endfor %}{{ e }}",
    "{% set ns = namespace(a=0) %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}",
    "{% for loop_i in [1,2] %}{{ loop.index }}{% for j in [7] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
    "{% macro h(a) %}{% for m in a %}{{ m }}{% endfor %}{% endmacro %}{% for m in [1,2] %}{{ h([3]) }}{{ m }}{% endfor %}",
    "{% for i in [1,2] %}{% set i = 9 %}{{ i }}{% endfor %}{{ i }}",
    "{% for i in [1,2] %}{% set messages = [] %}{{ messages | length }}{% endfor %}{{ messages | length }}",
    "{% for x in [1, 2, 3] %}{{ x }}{% if x == 2 %}b{% continue %}{% endif %}c{% endfor %}",
    "{% for x in [1, 2, 3] %}{{ x }}{% if x == 2 %}b{% break %}{% endif %}c{% endfor %}",
    "{% for x in [1] %}{% continue %}{% else %}none{% endfor %}|{% for x in [1] if x > 1 %}a{% else %}none{% endfor %}",
    "{% for x in [1, 2] %}{{ x }}{% break %}{% else %}none{% endfor %}{% for x in [1, 2] %}{% if x == 1 %}{% continue %}{% endif %}{% else %}none{% endfor %}",
    "{% for x in 'ab' %}{% for y in [1, 2] %}{{ x }}{% if y == 1 %}{% break %}{% endif %}{% endfor %}{{ loop.cycle('o', 'e') }}{{ loop.changed(1) }}{% endfor %}",
    "a\n  {% raw %}\n {{ x }} {# c #}\n{%- if 'it\\s' -%}{{%\n  {% endraw %}\nb {%- raw -%} \n {% y %}\t{%- endraw -%} c",
    "{% for i in [1, 2] %}\n  {%+ raw %}{% generation %}\n  {%+ endraw +%}\n{{ i }}{% raw %}{% endraw %}{% endfor %}",
    "{{ dict(a=1, b=[2]) }}{{ dict({'a': 1, 'b': 2}, b=3, c=none) | tojson }}{{ dict([('k', 'v')])['k'] }}{{ dict() }}",
    "{% set o = {'a': 'xyx'.strip('x'), 'xy'.lstrip('x'): {'items': 5}.items() | list | length} %}{{ o.a }}{{ o.y }}",
    "{% for x in [0, 1, 3, 5] if 0 < x < 5 %}{{ x }}{% endfor %}|{{ 1 < 3 > 2 == 2 != 4 }}|{{ 3 > 2 > 1 }}|{{ 2 == 2 == 2 }}|{{ (2 == 2) == true }}|{{ 1 < (3 > 2) }}",
    "{% set o = {'in': 2, 'a': 1 < 2 < 3, 'b': 3 < 2 < 3} %}{{ o.in == 2 == o.in }}{{ o }}{{ 'a' in 'ab' in ['ab'] }}{{ 'a' in 'ab' not in ['ab'] }}{{ 'c' not in 'ab' == 'ab' }}",
    "{{ 'y' if 1 < 2 < 3 else 'n' }}{{ 1 < 2 and 3 > 2 > 2 or 5 == 5 }}{{ [1 < 2, 3 < 2 < 4] }}{{ dict(a=1 < 2 < 3, b=2 < 3) }}{{ 1 < 2 is sameas true }}{{ 1 < 2 + 3 | int < 9 }}{{ not 1 < 2 < 3 }}",
    "{% set n = namespace(i=0) %}{% macro f() %}{% set n.i = n.i + 1 %}2{% endmacro %}{{ 1 < f() | int < 3 }}{{ n.i }}{{ 3 < f() | int < f() | int }}{{ n.i }}",
    "{% set a, b = 'xy' %}{{ a }}{{ b }}{% set (c, d) = (1, [2]) %}{{ c }}{{ d }}",
]


def tojson(value, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def main() -> None:
    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = tojson
    cases = [
        dict(template=template, text=environment.from_string(template).render(messages=MESSAGES))
        for template in TEMPLATES
    ]
    goldens = dict(messages=MESSAGES, cases=cases)
    TARGET.write_text(json.dumps(goldens, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
