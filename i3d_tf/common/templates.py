"""Jinja2 environments for HTML and LaTeX, which escape every value that is filled in."""

from collections.abc import Mapping
from typing import Any

import jinja2
import markupsafe

_LATEX: Mapping[str, str] = {
  '\\': r'\textbackslash{}',
  '&': r'\&',
  '%': r'\%',
  '$': r'\$',
  '#': r'\#',
  '_': r'\_',
  '{': r'\{',
  '}': r'\}',
  '~': r'\textasciitilde{}',
  '^': r'\textasciicircum{}',
  '−': '$-$',
  '–': '--',
  '<': '$<$',
  '>': '$>$',
  'ρ': r'$\rho$',
}


def html_environment(package: str) -> jinja2.Environment:
  """An environment for the HTML templates of a package.

  Args:
    package: its name; its templates are in the folder `templates` next to its modules.
  """
  return jinja2.Environment(
    loader=jinja2.PackageLoader(package),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
  )


def latex_environment(package: str) -> jinja2.Environment:
  r"""An environment for LaTeX templates: \VAR{x} is {{ x }}, and %% begins a statement line.

  Args:
    package: as in `html_environment`.
  """
  return jinja2.Environment(
    loader=jinja2.PackageLoader(package),
    undefined=jinja2.StrictUndefined,
    block_start_string=r'\BLOCK{',
    block_end_string='}',
    variable_start_string=r'\VAR{',
    variable_end_string='}',
    comment_start_string=r'\#{',
    comment_end_string='}',
    line_statement_prefix='%%',
    finalize=_escape_latex,
  )


def _escape_latex(value: Any) -> Any:
  """Escapes a value for LaTeX; a `markupsafe.Markup` already is LaTeX."""
  if isinstance(value, markupsafe.Markup):
    return str(value)
  return ''.join(_LATEX.get(letter, letter) for letter in str(value))


def source(package: str, name: str) -> markupsafe.Markup:
  """The text of a file among the templates of a package, marked as not to be escaped.

  Args:
    package: as in `html_environment`.
    name: the name of the file, such as 'page.css'.
  """
  loader = jinja2.PackageLoader(package)
  text, _, _ = loader.get_source(jinja2.Environment(), name)
  return markupsafe.Markup(text)
