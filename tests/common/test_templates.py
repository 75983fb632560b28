"""What is filled into HTML and LaTeX is escaped, and a missing value is an error."""

import jinja2
import markupsafe
import pytest

from i3d_tf.common import templates


@pytest.fixture
def package(tmp_path, monkeypatch):
  folder = tmp_path / 'with_templates'
  (folder / 'templates').mkdir(parents=True)
  (folder / '__init__.py').write_text('')
  (folder / 'templates' / 'page.html').write_text('<p title="{{ text }}">{{ text }}</p>')
  (folder / 'templates' / 'page.css').write_text('a > b { color: "red" }\n')
  (folder / 'templates' / 'table.tex').write_text(
    '%% for row in rows\n\\VAR{row} \\\\\n%% endfor\n'
  )
  monkeypatch.syspath_prepend(tmp_path)
  return 'with_templates'


def test_html_is_escaped(package):
  page = templates.html_environment(package).get_template('page.html')
  assert page.render(text='<b> & "c"') == (
    '<p title="&lt;b&gt; &amp; &#34;c&#34;">&lt;b&gt; &amp; &#34;c&#34;</p>'
  )


def test_a_source_is_filled_in_as_it_is(package):
  style = templates.source(package, 'page.css')
  assert style == 'a > b { color: "red" }\n'
  page = templates.html_environment(package).from_string('<style>{{ style }}</style>')
  assert page.render(style=style) == f'<style>{style}</style>'


@pytest.mark.parametrize(
  'value, latex',
  [
    ('50% of a_b & $c #1', r'50\% of a\_b \& \$c \#1'),
    ('{x}^2 ~ y\\z', r'\{x\}\textasciicircum{}2 \textasciitilde{} y\textbackslash{}z'),
    ('−1.5 < ρ > 2–3', r'$-$1.5 $<$ $\rho$ $>$ 2--3'),
    (markupsafe.Markup(r'\textbf{a & b}'), r'\textbf{a & b}'),
    (7, '7'),
  ],
)
def test_latex_is_escaped(package, value, latex):
  table = templates.latex_environment(package).get_template('table.tex')
  assert table.render(rows=[value]) == f'{latex} \\\\\n'


@pytest.mark.parametrize(
  'environment, text',
  [(templates.html_environment, '{{ absent }}'), (templates.latex_environment, r'\VAR{absent}')],
)
def test_a_missing_value_is_an_error(package, environment, text):
  with pytest.raises(jinja2.UndefinedError, match="'absent' is undefined"):
    environment(package).from_string(text).render()
