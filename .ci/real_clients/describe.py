"""The description of every server is valid OpenAPI 3.1, by a validator that others wrote."""

import json
import urllib.request

from openapi_spec_validator import OpenAPIV31SpecValidator

from servers import FILES, component, example


def check(name, address):
    with urllib.request.urlopen(f"{address}/openapi.json") as reply:
        document = json.load(reply)
    errors = [str(error) for error in OpenAPIV31SpecValidator(document).iter_errors()]
    if errors:
        raise SystemExit(f"{name}: {errors}")
    print(f"{name}: valid, {sum(len(path) for path in document['paths'].values())} operations")


with example() as address:
    check("the example", address)
for name in FILES:
    with component(name) as address:
        check(name, address)
