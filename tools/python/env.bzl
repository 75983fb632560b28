"""A virtual environment made from requirements.lock, as a Bazel Python toolchain.

The rule runs on Bazel 4 (from WORKSPACE) and on Bazel 7 and later (from
MODULE.bazel). It runs again only when requirements.lock, this file, or one of
the two variables below changes:

  I3D_PYTHON  the interpreter to make the environment with
  I3D_VENV    an environment that already holds the requirements; nothing is
              installed then
"""

_CANDIDATES = ["python3.11", "python3.12", "python3"]

# Prints "3 11" if the interpreter can make a virtual environment.
_PROBE = "import sys, venv, ensurepip; print(sys.version_info[0], sys.version_info[1])"

# Two packages own cv2/; hasattr(cv2, "optflow") is true in the wrong one as well.
_CHECK_CV2 = "import cv2; cv2.optflow.DualTVL1OpticalFlow_create"

# Not a symbolic link: rules_python puts a virtual environment of its own around
# the interpreter, and through a link Python would find that one's (empty)
# site-packages instead of ours.
#
# bazel run starts programs in their runfiles directory and names the directory
# it was called from in BUILD_WORKING_DIRECTORY. Going there makes relative paths
# on the command line mean what they say.
#
# A program that starts sys.executable starts {python}, which has the same
# packages. It finds i3d_tf, segmentation, flags and tools through PYTHONPATH,
# which Bazel 4 sets. rules_python does not (it sets sys.path in the program
# itself), so it is done here: the program's path names the runfiles directory,
# and there our sources are in _main.
_WRAPPER = """\
#!/bin/sh
export PYTHONSAFEPATH="${{PYTHONSAFEPATH-1}}"
for arg in "$@"; do
  case "$arg" in
    -*) continue ;;
    *.runfiles/*)
      main="${{arg%%.runfiles/*}}.runfiles/_main"
      [ ! -d "$main" ] || export PYTHONPATH="$main${{PYTHONPATH:+:$PYTHONPATH}}"
      ;;
  esac
  break
done
if [ -n "${{BUILD_WORKING_DIRECTORY-}}" ] && [ -z "${{TEST_SRCDIR-}}" ]; then
  cd "$BUILD_WORKING_DIRECTORY" || exit
fi
exec "{python}" "$@"
"""

_BUILD = """\
load("@rules_python//python:defs.bzl", "py_runtime", "py_runtime_pair")

package(default_visibility = ["//visibility:public"])

py_runtime(
    name = "runtime",
    interpreter_path = "{wrapper}",
    interpreter_version_info = {{"major": "{major}", "minor": "{minor}"}},
    python_version = "PY3",
    stub_shebang = "#!{python}",
)

py_runtime_pair(
    name = "runtime_pair",
    py3_runtime = ":runtime",
)

toolchain(
    name = "toolchain",
    toolchain = ":runtime_pair",
    toolchain_type = "@rules_python//python:toolchain_type",
)
"""

def _run(rctx, what, command, quiet = True, **kwargs):
    result = rctx.execute(command, quiet = quiet, **kwargs)
    if result.return_code != 0:
        fail("%s failed (exit %d)%s" % (
            what,
            result.return_code,
            ":\n%s\n%s" % (result.stdout, result.stderr) if quiet else ": its output is above",
        ))
    return result.stdout.strip()

def _find_python(rctx):
    named = rctx.os.environ.get("I3D_PYTHON", "")
    for candidate in [named] if named else _CANDIDATES:
        path = candidate if candidate.startswith("/") else rctx.which(candidate)
        if not path:
            continue

        # pyenv's shims exist for versions that are not active: ask.
        result = rctx.execute([path, "-c", _PROBE])
        if result.return_code != 0:
            continue
        version = [int(part) for part in result.stdout.strip().split(" ")]
        if version >= rctx.attr.min_version and version <= rctx.attr.max_version:
            return path
    fail("%s is not a Python from %s to %s with the venv module (Debian: apt-get install python3-venv); I3D_PYTHON names another one" % (
        named or "none of " + ", ".join(_CANDIDATES),
        ".".join([str(part) for part in rctx.attr.min_version]),
        ".".join([str(part) for part in rctx.attr.max_version]),
    ))

def _make_venv(rctx, lock):
    # -I: nothing from PYTHONPATH or ~/.local may pass for installed.
    python = str(rctx.path("venv/bin/python3"))
    rctx.report_progress("Making a virtual environment")
    _run(rctx, "python -m venv", [_find_python(rctx), "-I", "-m", "venv", rctx.path("venv")])
    rctx.file("requirements.lock", lock, executable = False)

    # Not print(): Bazel 4 shows that when all is over.
    message = "Installing requirements.lock with pip: 3.5 GB and some minutes, once"
    rctx.report_progress(message)
    rctx.execute(["echo", message], quiet = False)

    # --no-deps: the lock is complete but for opencv-python-headless, which
    # tf-models-official asks for and which would overwrite the cv2 of
    # opencv-contrib-python-headless (tools/python/overrides.txt).
    install = ["pip", "install", "--no-deps", "--require-hashes", "-r", "requirements.lock"]
    _run(
        rctx,
        " ".join(install),
        [python, "-I", "-m"] + install + ["--no-input", "--disable-pip-version-check"],
        timeout = 7200,
        quiet = False,
    )
    return python

def _python_env_impl(rctx):
    # read() and not path(): from Bazel 8 on only read() makes the rule run
    # again when the file changes.
    lock = rctx.read(rctx.attr.requirements)
    ready = rctx.os.environ.get("I3D_VENV", "")
    if ready and not rctx.path(ready + "/bin/python3").exists:
        fail("I3D_VENV=%s is not a virtual environment: there is no bin/python3" % ready)
    python = ready + "/bin/python3" if ready else _make_venv(rctx, lock)
    version = _run(rctx, "python", [python, "-c", "import sys; print(sys.version_info[0], sys.version_info[1])"]).split(" ")
    checked = rctx.execute([python, "-I", "-c", _CHECK_CV2])
    if checked.return_code != 0:
        fail("%s has no cv2.optflow.DualTVL1OpticalFlow_create (%s): make a new environment and install requirements.lock with --no-deps" % (
            python,
            checked.stderr.strip().split("\n")[-1],
        ))
    rctx.file("bin/python3", _WRAPPER.format(python = python), executable = True)
    rctx.file("BUILD.bazel", _BUILD.format(
        major = version[0],
        minor = version[1],
        python = python,
        wrapper = rctx.path("bin/python3"),
    ), executable = False)

python_env = repository_rule(
    implementation = _python_env_impl,
    attrs = {
        "max_version": attr.int_list(default = [3, 12]),
        "min_version": attr.int_list(default = [3, 11]),  # Keras 3.15
        "requirements": attr.label(mandatory = True, allow_single_file = True),
    },
    environ = ["I3D_PYTHON", "I3D_VENV"],
)
