"""A headless Chromium that tests drive: it opens pages, presses keys, takes pictures.

Speaks the DevTools protocol over a pair of pipes, so that it needs no package and
no port.
"""

import base64
import contextlib
import itertools
import json
import os
import select
import shutil
import subprocess
import time

import pytest

_NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome')
_OPTIONS = (
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
  '--remote-debugging-pipe',
)
_TIMEOUT = 60  # seconds that no answer takes, on a busy machine either
# key: (code, virtual key code) where these do not follow from the character
_KEYS = {
  'ArrowDown': ('ArrowDown', 40),
  'ArrowUp': ('ArrowUp', 38),
  'Home': ('Home', 36),
  'End': ('End', 35),
  'PageDown': ('PageDown', 34),
  'PageUp': ('PageUp', 33),
  'Escape': ('Escape', 27),
  'Enter': ('Enter', 13),
}


class Browser:
  """One page of one browser; `open_browser` makes it."""

  def __init__(self, process, source, target):
    self._process, self._source, self._target = process, source, target
    self._numbers, self._received = itertools.count(1), b''
    self.errors = []  # uncaught JavaScript errors and what was logged as an error
    page = self.call('Target.createTarget', url='about:blank')['targetId']
    self._session = None
    self._session = self.call('Target.attachToTarget', targetId=page, flatten=True)['sessionId']
    for domain in ('Page', 'Runtime', 'Log'):
      self.call(f'{domain}.enable')

  _session = None

  def call(self, method, **parameters):
    """Calls a method of the DevTools protocol and returns its result, a dict."""
    number = next(self._numbers)
    message = {'id': number, 'method': method, 'params': parameters}
    if self._session is not None and not method.startswith(('Target.', 'Browser.')):
      message['sessionId'] = self._session
    os.write(self._target, json.dumps(message).encode() + b'\0')
    while True:
      answer = self._receive()
      if answer.get('id') == number:
        assert 'error' not in answer, f'{method}: {answer["error"]}'
        return answer['result']
      self._note(answer)

  def _receive(self):
    deadline = time.monotonic() + _TIMEOUT
    while b'\0' not in self._received:
      ready, _, _ = select.select([self._source], [], [], max(0, deadline - time.monotonic()))
      assert ready, f'the browser did not answer within {_TIMEOUT} s'
      data = os.read(self._source, 1 << 20)
      assert data, f'the browser ended with exit status {self._process.poll()}'
      self._received += data
    message, self._received = self._received.split(b'\0', 1)
    return json.loads(message)

  def _note(self, event):
    parameters = event.get('params', {})
    if event.get('method') == 'Runtime.exceptionThrown':
      self.errors.append(json.dumps(parameters['exceptionDetails']))
    elif event.get('method') == 'Log.entryAdded' and parameters['entry']['level'] == 'error':
      self.errors.append(parameters['entry']['text'])

  def open(self, path):
    """Opens a file of the disk, and waits until it and its pictures are loaded."""
    loader = self.call('Page.navigate', url=f'file://{os.path.abspath(path)}')['loaderId']
    deadline = time.monotonic() + _TIMEOUT
    # The old document of the same address is complete too, until the new one takes its place.
    while self.call('Page.getFrameTree')['frameTree']['frame']['loaderId'] != loader:
      assert time.monotonic() < deadline, f'never opened: {path}'
      time.sleep(0.02)
    self.wait('document.readyState === "complete"')

  def run(self, expression):
    """The value of a JavaScript expression."""
    answer = self.call(
      'Runtime.evaluate', expression=expression, returnByValue=True, awaitPromise=True
    )
    assert 'exceptionDetails' not in answer, answer['exceptionDetails']
    return answer['result'].get('value')

  def wait(self, expression):
    """Waits until a JavaScript expression is true."""
    deadline = time.monotonic() + _TIMEOUT
    while not self.run(expression):
      assert time.monotonic() < deadline, f'never true: {expression}'
      time.sleep(0.02)

  def press(self, *keys):
    """Presses keys one after the other: characters, or names such as 'ArrowDown'."""
    for key in keys:
      code, number = _KEYS.get(key, (f'Key{key.upper()}', ord(key.upper()[0])))
      text = {'text': key} if len(key) == 1 else {}
      about = {'key': key, 'code': code, 'windowsVirtualKeyCode': number}
      self.call('Input.dispatchKeyEvent', type='keyDown', **about, **text)
      self.call('Input.dispatchKeyEvent', type='keyUp', **about)

  def click(self, selector):
    """Clicks with the mouse in the middle of the first element that a CSS selector finds."""
    x, y = self.run(
      f'(() => {{ const r = document.querySelector({json.dumps(selector)})'
      '.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2];})()'
    )
    for what in ('mousePressed', 'mouseReleased'):
      self.call('Input.dispatchMouseEvent', type=what, x=x, y=y, button='left', clickCount=1)

  def look(self, width, height, dark=False):
    """Sets the window's size in pixels, and whether the user wants dark pages."""
    self.call(
      'Emulation.setDeviceMetricsOverride',
      width=width,
      height=height,
      deviceScaleFactor=1,
      mobile=False,
    )
    self.call(
      'Emulation.setEmulatedMedia',
      features=[{'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}],
    )

  def picture(self, path=None):
    """A PNG of the window: its bytes, also written to `path` if given."""
    data = base64.b64decode(self.call('Page.captureScreenshot', format='png')['data'])
    if path is not None:
      with open(path, 'wb') as f:
        f.write(data)
    return data

  def download(self, folder, trigger):
    """Calls `trigger()`, which saves one file, and waits for it: its path in `folder`."""
    os.makedirs(folder, exist_ok=True)
    before = set(os.listdir(folder))
    self.call('Browser.setDownloadBehavior', behavior='allow', downloadPath=str(folder))
    trigger()
    deadline = time.monotonic() + _TIMEOUT
    while True:
      new = [
        name
        for name in os.listdir(folder)
        if name not in before and not name.endswith('.crdownload') and name[0] != '.'
      ]
      if new:
        return os.path.join(folder, new[0])
      assert time.monotonic() < deadline, 'nothing was saved'
      self.run('0')  # lets events in
      time.sleep(0.02)


@contextlib.contextmanager
def open_browser(profile):
  """Starts a browser, or skips the test where none is installed.

  Args:
    profile: a folder for what the browser keeps; the same one is the same user again.
  """
  program = next(filter(None, map(shutil.which, _NAMES)), None)
  if program is None:
    pytest.skip(f'needs a browser: none of {", ".join(_NAMES)} is on the path')
  from_browser, to_us = os.pipe()
  from_us, to_browser = os.pipe()

  def connect():  # it reads from 3 and writes to 4; what is there first goes out of the way
    source, target = os.dup(from_us), os.dup(to_us)
    while source < 5 or target < 5:
      source, target = os.dup(source), os.dup(target)
    os.dup2(source, 3)
    os.dup2(target, 4)

  process = subprocess.Popen(
    [program, *_OPTIONS, f'--user-data-dir={profile}'],
    preexec_fn=connect,
    close_fds=False,
    stdin=subprocess.DEVNULL,
    stdout=subprocess.DEVNULL,
    stderr=subprocess.DEVNULL,
  )
  os.close(to_us)
  os.close(from_us)
  try:
    browser = Browser(process, from_browser, to_browser)
    yield browser
    browser.call('Browser.close')
    process.wait(_TIMEOUT)
  finally:
    if process.poll() is None:
      process.kill()
      process.wait()
    os.close(from_browser)
    os.close(to_browser)
