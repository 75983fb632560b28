"""A table in three formats: the same rows, rounded alike, with special characters escaped."""

import csv
import io
import xml.etree.ElementTree

import pytest

from i3d_tf.reporting import table as table_lib

TABLE = table_lib.Table(
  'table9',
  'Of <this> & that',
  (
    table_lib.Column('split', 'Split'),
    table_lib.Column('a_published', 'Published', 'percent', 'RGB_1'),
    table_lib.Column('a', '95% interval', 'percent_range', 'RGB_1'),
    table_lib.Column('gap', 'Gap', 'points', 'Flow'),
    table_lib.Column('n', 'Videos', 'count', 'Flow'),
  ),
  (
    {
      'split': 'Split 1',
      'a_published': 100 / 3,
      'a_low': 1.25,
      'a_high': 99.999,
      'gap': -2.345,
      'n': 12,
    },
    {
      'split': 'Mean',
      'a_published': None,
      'a_low': float('nan'),
      'a_high': float('nan'),
      'gap': -0.001,
      'n': 0,
    },
  ),
  note='50% of {it}_',
  last_apart=True,
)


def test_csv_has_twelve_digits():
  rows = list(csv.reader(io.StringIO(table_lib.to_csv(TABLE))))
  assert rows == [
    ['split', 'a_published', 'a_low', 'a_high', 'gap', 'n'],
    ['Split 1', '33.3333333333', '1.25', '99.999', '-2.345', '12'],
    ['Mean', '', '', '', '-0.001', '0'],
  ]


def test_html_is_well_formed_and_rounded():
  element = xml.etree.ElementTree.fromstring(f'<div>{table_lib.to_html(TABLE)}</div>')
  table = element.find('table')
  assert table.find('caption').text == 'Of <this> & that'
  assert [(th.text, th.get('colspan')) for th in table.findall('thead/tr')[0]] == [
    (None, '1'),
    ('RGB_1', '2'),
    ('Flow', '2'),
  ]
  cells = [[td.text for td in tr] for tr in table.findall('tbody/tr')]
  assert cells == [
    ['Split 1', '33.33', '1.2 to 100.0', '−2.35', '12'],
    ['Mean', '–', '–', '0.00', '0'],
  ]
  assert element.find('p').text == '50% of {it}_'


def test_latex_is_booktabs_and_escaped():
  latex = table_lib.to_latex(TABLE)
  assert latex.count('\\begin') == latex.count('\\end{') == 2
  for part in (
    '\\begin{tabular}{lrrrr}',
    '\\toprule',
    '\\bottomrule',
    '\\cmidrule(lr){2-3}',
    '\\cmidrule(lr){4-5}',
    'RGB\\_1',
    'Of $<$this$>$ \\& that. 50\\% of \\{it\\}\\_',
    'Split 1 & 33.33 & 1.2 to 100.0 & $-$2.35 & 12 \\\\',
    '    \\midrule\n    Mean & -- & -- & 0.00 & 0 \\\\',
  ):
    assert part in latex
  lines = [line for line in latex.splitlines() if line.endswith('\\\\') and 'multi' not in line]
  assert [line.replace('\\&', '').count(' & ') for line in lines] == [4, 4, 4]


@pytest.mark.parametrize(
  'value, kind, expected',
  [
    (0.0004, 'p', '< 0.001'),
    (0.0316, 'p', '0.032'),
    (1.0, 'p', '1.000'),
    (0.5, 'points', '+0.50'),
    (-0.456, 'correlation', '−0.46'),
    (0.0, 'points', '0.00'),
    ((-1, 2), 'points_range', '−1.0 to +2.0'),
    (float('nan'), 'percent', '–'),
    ('x', 'text', 'x'),
    (None, 'text', '–'),
    (-0.04, 'points', '−0.04'),
  ],
)
def test_text_formats_each_kind_of_value(value, kind, expected):
  assert table_lib.text(value, kind) == expected
