"""py_test that runs its files with pytest."""

load("@rules_python//python:defs.bzl", "py_test")

def pytest_test(name, srcs, args = [], data = [], deps = [], **kwargs):
    """Runs srcs with pytest.

    Args:
      name: name of the py_test.
      srcs: test files.
      args: further arguments for pytest.
      data: files that the test reads.
      deps: libraries under test.
      **kwargs: passed to py_test.
    """
    py_test(
        name = name,
        srcs = srcs + ["//tools/python:pytest_main.py"],
        main = "//tools/python:pytest_main.py",
        args = args + ["$(rootpath %s)" % src for src in srcs],
        data = data + [
            "//:pyproject.toml",
            # Bazel does not see what is installed: other versions, new result.
            "//:requirements.lock",
        ],
        deps = deps,
        legacy_create_init = False,
        **kwargs
    )
