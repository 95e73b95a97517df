"""JupyterLab as a reader has it: open a notebook, run every cell, move a slider, see the picture change."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import pytest
from book import FOLDER, cells, code

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"  # Debian's packages chromium and chromium-driver
READ = ["00_start_here", "01_sparse_formats", "03_set_and_rigl"]
MISSING = not (Path(CHROMIUM).exists() and Path(DRIVER).exists())
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update", "--window-size=1400,1000"]  # fmt: skip
ARROW_LEFT, ARROW_RIGHT = "\ue012", "\ue014"
ALL_CELLS = {"windowingMode": "none"}  # or JupyterLab keeps only those on the screen in the page

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(MISSING and "CI" not in os.environ, reason="Debian's chromium is not installed"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab of its own that serves the notebooks as if none had been run."""
    pytest.importorskip("jupyterlab", reason="the extra `notebooks` is not installed")
    folder, settings = tmp_path_factory.mktemp("notebooks"), tmp_path_factory.mktemp("settings")
    shutil.copytree(FOLDER, folder, dirs_exist_ok=True)
    for name in READ:
        path = folder / f"{name}.ipynb"
        book = json.loads(path.read_text(encoding="utf-8"))
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None}
        path.write_text(json.dumps(book), encoding="utf-8")
    tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    tracker.parent.mkdir(parents=True)
    tracker.write_text(json.dumps(ALL_CELLS), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}",
               "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}", "--ServerApp.port_retries=0",
               f"--LabApp.user_settings_dir={settings}"]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait(lambda: answers(f"{address}/api"), 60, "JupyterLab does not answer")
        yield address
    finally:
        server.terminate()
        server.wait(30)


@pytest.fixture
def browser(tmp_path):
    selenium = pytest.importorskip("selenium.webdriver")
    options = selenium.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(flag)
    driver = selenium.Chrome(options, selenium.ChromeService(DRIVER))
    yield driver
    driver.quit()


def answers(url):
    with suppress(OSError), urllib.request.urlopen(url, timeout=2) as response:
        return response.status == 200


def wait(happened, seconds, otherwise):
    """What `happened()` returns as soon as it is true of something."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if found := happened():
            return found
        time.sleep(0.2)
    raise AssertionError(otherwise)


def all_of(browser, css, what="textContent"):
    """One property of every element that fits, read in one go: the page may change between two questions."""
    return browser.execute_script("return Array.from(document.querySelectorAll(arguments[0]), e => e[arguments[1]])",
                                  css, what)  # fmt: skip


def click(browser, css, text):
    found = "return Array.from(document.querySelectorAll(arguments[0])).find(e => e.textContent == arguments[1])"
    wait(lambda: browser.execute_script(found, css, text), 60, f"there is no {text} to click").click()


def prompts(browser):
    return all_of(browser, ".jp-CodeCell .jp-InputPrompt")


@pytest.mark.parametrize("name", READ)
def test_a_reader_runs_a_notebook_and_moves_its_slider(lab, browser, name):
    path = FOLDER / f"{name}.ipynb"
    browser.get(f"{lab}/lab/workspaces/{name}/tree/{name}.ipynb")  # or it would open what was open last, too
    many = len(code(path))
    wait(lambda: len(prompts(browser)) == many, 60, "the notebook does not open")
    click(browser, ".lm-MenuBar-itemLabel", "Run")
    click(browser, ".lm-Menu-itemLabel", "Run All Cells")
    run, failed = [f"[{n}]:" for n in range(1, many + 1)], "[data-mime-type='application/vnd.jupyter.stderr']"
    wait(lambda: prompts(browser) == run or all_of(browser, failed), 240, "not every cell was run")
    assert all_of(browser, failed) == []  # tracebacks and warnings
    assert len(all_of(browser, ".jp-MarkdownCell")) == len(cells(path)) - many

    picture = ".jupyter-widgets.widget-interact .jp-OutputArea img"
    before = wait(lambda: all_of(browser, picture, "src"), 60, "the slider has no picture")[0]
    handle = browser.find_element("css selector", ".widget-slider .noUi-handle")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", handle)
    at_its_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
    handle.send_keys(ARROW_LEFT if at_its_end else ARROW_RIGHT)
    wait(lambda: all_of(browser, picture, "src") not in ([], [before]), 60, "moving the slider changes no picture")
