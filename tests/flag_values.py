"""Flags parsed within a test, without a process of their own."""

from absl import flags


def parse(monkeypatch, define, modules, arguments):
  """Redefines flags and parses arguments.

  Args:
    monkeypatch: pytest's fixture.
    define: defines the flags.
    modules: the modules that define or read flags.
    arguments: of the command line.

  Returns:
    The `flags.FlagValues`, which `modules` see as theirs for the rest of the test.
  """
  values = flags.FlagValues()
  for module in modules:
    monkeypatch.setattr(module.flags, 'FLAGS', values)
  for name in ('string', 'integer', 'float', 'bool', 'enum', 'list', 'flag'):
    original = getattr(flags, f'DEFINE_{name}')
    monkeypatch.setattr(
      flags,
      f'DEFINE_{name}',
      lambda *a, original=original, **k: original(*a, **{**k, 'flag_values': values}),
    )
  define()
  values(['command', *arguments])
  return values
