"""A person on /docs: says who they are, tries POST /generate, and reads the answer. And /redoc shows itself."""

import json
import sys
import tempfile

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from servers import component, example

# Without these it asks for hosts on the internet at every start.
FLAGS = """--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync --window-size=1300,1600""".split()


def browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


def one(driver, selector):
    return WebDriverWait(driver, 20).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, selector))[0]


def silent(driver, page):
    complaints = [entry["message"] for entry in driver.get_log("browser") if entry["level"] in ("SEVERE", "WARNING")]
    if complaints:
        raise SystemExit(f"{page}: the browser complains: {complaints}")


def try_generate(driver, base, body, authorize):
    driver.get(f"{base}/docs")
    if authorize:
        one(driver, "button.authorize").click()
        key = one(driver, authorize)
        key.send_keys("alice")
        key.submit()
        one(driver, "button.btn-done").click()
    operation = one(driver, "[id$='post_generate']")
    operation.find_element(By.CSS_SELECTOR, "button.opblock-summary-control").click()
    text = one(driver, "[id$='post_generate'] textarea.body-param__text")
    driver.execute_script(
        "const set = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set;"
        "set.call(arguments[0], arguments[1]); arguments[0].dispatchEvent(new Event('input', {bubbles: true}));"
        "arguments[0].dispatchEvent(new Event('change', {bubbles: true}));",
        text, json.dumps(body),
    )
    one(driver, "[id$='post_generate'] button.execute").click()
    row = "[id$='post_generate'] .live-responses-table tr.response"
    status = one(driver, f"{row} .response-col_status").text
    answer = one(driver, f"{row} .response-col_description pre").text
    return status.split()[0], answer


with tempfile.TemporaryDirectory() as profile:
    driver = browser(profile)
    try:
        with example() as base:
            # The first key is that of the session cookie, which is the same user as the token.
            for count, way in [(1, "#api_key_value"), (2, "#auth-bearer-value")]:
                body = {"command": "note", "action": "add", "param1": "from the browser"}
                status, answer = try_generate(driver, base, body, authorize=way)
                if len(sys.argv) > 1:
                    driver.save_screenshot(f"{sys.argv[1]}/docs.png")
                assert (status, json.loads(answer)["data"]["count"]) == ("200", count), (way, status, answer)
                silent(driver, "/docs")
                driver.delete_all_cookies()
            driver.get(f"{base}/redoc")
            one(driver, "[data-role='redoc-summary'], .redoc-wrap h1")
            if len(sys.argv) > 1:
                driver.save_screenshot(f"{sys.argv[1]}/redoc.png")
            silent(driver, "/redoc")
            print("the example: tried on /docs, read on /redoc")
        with component("plain") as base:
            status, answer = try_generate(driver, base, {"text": "hello"}, authorize=None)
            assert (status, "hello" in answer) == ("200", True), (status, answer)
            print("plain: tried on /docs")
        with component("rooted") as base:
            driver.get(f"{base}/base/docs")
            one(driver, ".opblock")
            silent(driver, "/base/docs")
            print("rooted: /docs below its root path")
    finally:
        driver.quit()
