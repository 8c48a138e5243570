# SPDX-License-Identifier: Apache-2.0
"""The status page as a person sees it: in Debian's Chromium, without a window.

Skipped where Debian's packages chromium and chromium-driver are not installed.
"""

from __future__ import annotations

import hashlib
import json
import pathlib
import shutil
from collections.abc import Callable, Iterator

import numpy
import pytest
import tritonclient.grpc as triton
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from server_process import ServerProcess

WAIT_S = 60
HOSTILE = "<img src=x onerror=document.title=1>"


@pytest.fixture(scope="module")
def open_browser() -> Iterator[Callable[..., webdriver.Chrome]]:
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("there is no browser (Debian packages chromium and chromium-driver)")
    opened = []

    def open_one(script: bool = True) -> webdriver.Chrome:
        options = webdriver.ChromeOptions()
        options.binary_location = chromium
        # No sandbox: tests may run as root, and the pages are our own.
        for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                         "--disable-gpu"):
            options.add_argument(argument)
        if not script:
            options.add_experimental_option(
                "prefs", {"profile.managed_default_content_settings.javascript": 2})
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        browser = webdriver.Chrome(options, webdriver.ChromeService(driver))
        opened.append(browser)
        return browser

    yield open_one
    for browser in opened:
        browser.quit()


def table(browser: webdriver.Chrome, name: str) -> list[list[str]]:
    """The cells of a table, read in one go: the page may change between two questions."""
    return browser.execute_script(
        "return Array.from(document.querySelectorAll(arguments[0]),"
        " row => Array.from(row.cells, cell => cell.textContent))", f"#{name} tbody tr")


def text_of(browser: webdriver.Chrome, name: str) -> str:
    """What is shown of an element, even where the page is loaded again meanwhile."""
    return WebDriverWait(browser, WAIT_S, ignored_exceptions=[StaleElementReferenceException]).until(
        lambda driver: driver.find_element(By.ID, name).text)


def infer(server: ServerProcess, count: int) -> None:
    tensor = triton.InferInput("text", [1], "BYTES")
    tensor.set_data_from_numpy(numpy.array([b"hello"], dtype=object))
    with triton.InferenceServerClient(server.rpc_address) as client:
        for _ in range(count):
            client.infer("embed", [tensor])


def test_shows_what_is_there_and_follows_it(open_browser, server):
    browser = open_browser()
    browser.get(f"http://{server.http_address}/")
    assert browser.title == "sta-server"
    assert browser.find_element(By.ID, "state").text == "ready"
    rows = {(row[0], row[1]): row for row in table(browser, "models")}
    assert set(rows) == {("embed", "2"), ("embed", "1"), ("classify", "1")}
    assert rows["embed", "2"][2:4] == ["READY", "(default)"]
    assert rows["embed", "2"][7] == "0"
    assert table(browser, "devices")[0][3] == "ready"

    before = int(rows["embed", "2"][5])
    infer(server, 20)

    def row_of_embed(driver: webdriver.Chrome) -> list[str] | None:
        row = next(row for row in table(driver, "models") if row[:2] == ["embed", "2"])
        return row if int(row[5]) == before + 20 else None

    row = WebDriverWait(browser, WAIT_S).until(row_of_embed)
    assert float(row[8]) > 0
    p50, p99 = (float(cell.removesuffix(" ms")) for cell in row[9:11])
    assert 0 < p50 <= p99
    assert browser.find_element(By.ID, "trouble").text == ""
    # Nothing was forbidden by the policy, missing or thrown.
    assert browser.get_log("browser") == []


def test_says_when_the_server_is_gone(open_browser, server_binary, packages):
    browser = open_browser()
    arguments = ["--store", str(packages), "--store-read-only", "true"]
    with ServerProcess(server_binary, arguments) as server:
        browser.get(f"http://{server.http_address}/")
        assert browser.find_element(By.ID, "state").text == "ready"
    WebDriverWait(browser, WAIT_S).until(
        lambda driver: driver.find_element(By.ID, "trouble").text.startswith("No news since"))


def test_is_readable_without_a_script(open_browser, server):
    browser = open_browser(script=False)
    browser.get(f"http://{server.http_address}/")
    models = text_of(browser, "models")
    assert {"embed", "classify", "READY", "UNLOADED"} <= set(models.split())
    assert text_of(browser, "state") == "ready"


def test_is_dark_where_that_is_wanted(open_browser, server):
    colors = []
    for scheme in ("light", "dark"):
        browser = open_browser()
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        browser.get(f"http://{server.http_address}/")
        colors.append(browser.find_element(By.TAG_NAME, "body").value_of_css_property(
            "background-color"))
    assert colors == ["rgba(255, 255, 255, 1)", "rgba(13, 17, 23, 1)"]


def test_needs_no_more_width_than_there_is(open_browser, server):
    """On a narrow screen the tables scroll, each by itself; the page does not."""
    browser = open_browser()
    browser.get(f"http://{server.http_address}/")
    for width in (360, 1280):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 700, "deviceScaleFactor": 1, "mobile": True})
        page, view = browser.execute_script(
            "return [document.documentElement.scrollWidth, window.innerWidth]")
        assert page == view == width
        right = browser.execute_script(
            "return Math.max(...Array.from(document.querySelectorAll('.scroll'),"
            " part => part.getBoundingClientRect().right))")
        assert right <= width


def test_text_of_models_stays_text(open_browser, server_binary, own_store):
    """A package that cannot be loaded is shown with words of its own: here a key that it has twice."""
    package = own_store / "classify" / "1"
    config = f'{{"{HOSTILE}": 1, "{HOSTILE}": 2}}'.encode()
    (package / "config.json").write_bytes(config)
    manifest = json.loads((package / "manifest.json").read_text())
    manifest["files"]["config.json"] = {
        "size_bytes": len(config), "sha256": hashlib.sha256(config).hexdigest()}
    (package / "manifest.json").write_text(json.dumps(manifest))
    arguments = ["--store", str(own_store), "--store-read-only", "true"]
    with ServerProcess(server_binary, arguments) as server:
        for script in (True, False):
            browser = open_browser(script)
            browser.get(f"http://{server.http_address}/")
            assert HOSTILE in text_of(browser, "models")
            assert browser.find_elements(By.TAG_NAME, "img") == []
            assert browser.title == "sta-server"
            assert browser.get_log("browser") == []


def test_with_tokens_a_person_shows_one_as_a_password(
    open_browser, server_binary, packages: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    tokens = tmp_path / "tokens"
    tokens.write_text(f"one infer sha256:{hashlib.sha256(b'secret').hexdigest()}\n")
    arguments = ["--store", str(packages), "--store-read-only", "true", "--tokens", str(tokens)]
    with ServerProcess(server_binary, arguments) as server:
        browser = open_browser()
        browser.get(f"http://me:wrong@{server.http_address}/")
        assert browser.find_elements(By.ID, "state") == []
        browser.get(f"http://me:secret@{server.http_address}/")
        assert browser.find_element(By.ID, "state").text == "ready"
        first = browser.find_element(By.ID, "time").text
        # The script, too, shows it.
        WebDriverWait(browser, WAIT_S).until(
            lambda driver: driver.find_element(By.ID, "time").text != first)
        assert browser.find_element(By.ID, "trouble").text == ""
