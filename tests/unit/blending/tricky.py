"""Scripts whose names are easily taken for one another: each leaves what it found in ``out``."""

from __future__ import annotations

_CASES = r"""
#: a local of the same name
x = 1
def f():
    x = 2
    return x
out = f(), x
#: an argument
x = 1
def f(x, *y, z=x, **w):
    return x, y, z, w
y = z = w = 5
out = f(2, 3, z=4, v=x), f(x=6)
#: a keyword
x = 1
out = dict(x=x), dict(**{'x': x})
#: an attribute
import types
x = 1
o = types.SimpleNamespace(x=2)
o.x += x
out = o.x, getattr(o, 'x')
#: a comprehension
x = [1, 2]
out = [x for x in x], {x: x for x in x}, {x for x in x if x}, list(x for x in x)
#: a comprehension in a class
n = 3
class A:
    k = 1
    m = [n for _ in range(n)]
out = A.m, A.k
#: a lambda
x = 2
f = lambda y, x=x: (x, y)
g = lambda: x
out = f(x), g()
#: defaults of the scope around
x = 1
def f(y=x, *, z=lambda: x):
    x = 3
    return x, y, z()
out = f()
#: global
x = 1
def f():
    global x, y
    x, y = 2, 3
    return x
out = f(), x, y
#: global in nested
x = 1
def f():
    global x
    def g():
        return x
    x = 7
    return g()
out = f(), x
#: nonlocal
x = 1
def f():
    x = 2
    def g():
        nonlocal x
        x += 1
        return x
    return g(), x
out = f(), x
#: a closure
x = 1
def f():
    x = 2
    class A:
        def g(self):
            return x
    return A().g()
out = f(), x
#: a method of the same name
def f():
    return 1
class A:
    def f(self):
        return f() + 1
out = A().f(), f()
#: an attribute of a class
x = 1
class A:
    x = 2
    def g(self):
        return x, self.x
out = A().g()
#: super and a base
class A:
    def f(self):
        return 'a'
class B(A):
    def f(self):
        return super().f(), super(B, self).f(), __class__ is B
out = B().f(), isinstance(B(), A)
#: private names
class A:
    __x = 1
    def __f(self):
        return self.__x
    def g(self):
        return self.__f()
out = A().g()
#: f-strings
x, w = 1.5, 3
d = {'k': 2}
out = f'{x:.{w}f} {x!r} {x=} {{x}} {d["k"]}' f"{f'{x}'}" 'x'
#: an f-string over lines
x = 1
out = (f'{x}'
  'é x'
  f'''
{x}
  {x + 1}''')
#: names behind wide letters
größe, 値 = 1, 2
out = ['é', größe, 'ü', 値]  # größe
#: strings
x = 1
out = 'x', "f'{x}'", '%(x)s' % {'x': x}, '{x}'.format(x=x)
#: annotations
x = int
y: x = 1
def f(a: x, *b: x, c: 'x' = 1) -> x:
    v: x = a
    return v
out = f(1), f.__annotations__['a'] is int
#: decorators
def twice(f):
    return lambda *a: 2 * f(*a)
@twice
@twice
def f(twice):
    return twice
out = f(1)
#: a decorator with arguments
def by(n):
    return lambda f: lambda: f() * n
n = 4
@by(n=n)
# about f
def f():
    return n
out = f()
#: walrus
out = [(y := 1), y, [z := i for i in range(3)], z]
def f():
    return [w := 1, [w := w + i for i in range(3)], w]
w = 9
out = out, f(), w
#: del
x, y = 1, 2
del x
def x():
    return y
out = x()
#: unpacking
(a, *b), c = (1, 2, 3), 4
[d, e] = b
out = a, b, c, d, e
#: augmented
x = [1]
x += [2]
x[0] += 5
out = list(x)
#: chained
a = b = 3
out = a < b <= a, a, b
#: if
flag = True
if flag:
    x = 1
    def f():
        return x
else:
    x = 2
out = x, f()
#: try import
try:
    import no_such_module as m
except ImportError as e:
    m = None
    error = type(e).__name__
out = m, error
#: try import that works
try:
    import json as m
    from os import path
except (ImportError):
    m = None
out = m.dumps([1]), path.basename('a/b')
#: for
total = 0
for i, j in [(1, 2), (3, 4)]:
    total += i * j
out = total, i, j
#: while
n = 5
while n > 2:
    n -= 1
else:
    m = n
out = n, m
#: with
import contextlib
with contextlib.suppress(ValueError) as s:
    x = int('a')
x = 2
out = x, s
#: match
def f(v):
    match v:
        case {'k': x, **rest}:
            return x, rest
        case [x, *y]:
            return x, y
        case Point(px=x):
            return x
        case int() | str() as x:
            return x
class Point:
    __match_args__ = ('px',)
    def __init__(self, px):
        self.px = px
x = y = rest = 0
out = f({'k': 1, 'l': 2}), f([1, 2]), f(Point(3)), f(4)
#: except as
e = 1
def f():
    try:
        1 / 0
    except ZeroDivisionError as e:
        return str(e), type(e).__name__
out = f(), e
#: imports in functions
import math as m
def f():
    import json as m
    return m.dumps(1)
out = f(), m.pi
#: names of builtins
def max(*a):
    return 'mine'
list = tuple
out = max(1, 2), list([1])
#: builtins
out = max(1, 2), list((1,)), sum([1]), len([x for x in 'ab'])
#: two on a line
a = 1; b = a + 1; c = 'é'; d = [a,
  b]; e = lambda: a
out = a, b, c, d, e()
#: defined twice
def f():
    return 1
g = f
def f():
    return g() + 1
out = f()
#: a generator
x = 3
def f():
    yield from (x + y for y in range(x))
out = list(f())
#: async
import asyncio
x = 2
async def f():
    return [x async for x in g()]
async def g():
    yield x
out = asyncio.run(f())
#: a dataclass
from dataclasses import dataclass, field
n = 3
@dataclass
class A:
    k: int = n
    items: list = field(default_factory=lambda: [n])
out = A().k, A().items, A(k=1).k
#: a property
x = 1
class A:
    @property
    def x(self):
        return x
    @x.setter
    def x(self, value):
        self.y = value
a = A()
a.x = 3
out = a.x, a.y
#: names with suffixes
x = 1
x_first = 2
x_second = 3
def f(x_first_2=4):
    return x, x_first, x_first_2, x_second
out = f()
#: slices and stars
a = [1, 2, 3]
n = 1
def f(*a, **k):
    return a, k
out = a[n:], a[:n], [*a, n], f(*a, **{'n': n})
#: a conditional expression
a, b = 1, 0
out = a if b else not a, (b or a) and [a][b]
#: a type in brackets
T = int
def f(v: 'list[T]') -> dict[str, T]:
    return {'T': T(v)}
out = f('3')
#: dotted imports
import os.path
import xml.dom.minidom as dom
import collections.abc
out = os.path.join('a', 'b'), dom.Node.TEXT_NODE, callable(collections.abc.Sized)
#: text annotations
from __future__ import annotations
x = 1
def f(a: x | None) -> Later:
    return a
class Later: pass
out = f(x)
#: a main program
x = 1
if __name__ == '__main__':
    x = 2
    print(x)
out = x
#: names of all
__all__ = ['x']
x = 1
out = x
#: own values changed
COLUMNS = ['a']
COLUMNS.append('b')
CODES = {}
CODES['a'] = 1
CODES.update(b=2)
out = list(COLUMNS), dict(CODES)
#: silenced warnings
import warnings
warnings.filterwarnings('ignore', message='no such')
warnings.simplefilter(action='default')
out = 1
#: a text in between
x = 1
'''says x'''
out = x
#: continued lines
x = \
  1
def f(a,
      b=x):
    return a + \
        x + b
out = f(x)
#: a lambda in a default in a comprehension
x = 2
out = [(lambda y=x: y + x + z)() for z in range(x) if (lambda: x)()]
"""

#: By what is tricky in them.
TRICKY = {case.partition("\n")[0]: case.partition("\n")[2] for case in _CASES.split("\n#: ") if case.strip()}
TRICKY["carriage returns"] = "x = 1\r\ndef f():\r\n    return '''a\r\nb''', x\r\nout = f()"
TRICKY["tabs"] = "x = 1\ndef f():\n\tif x:\n\t\treturn x\nout = f()"
