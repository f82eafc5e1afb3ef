"""Expression engines, each called the way its own documents advise: compiled once, context made once.

Prints one JSON object: engine -> {"true": ns, "rule": ns, "filter": ns, "compile": ns}, medians.
"""
import datetime
import json
import sys
import time

RULE, FILTER = sys.argv[1], sys.argv[2]
ORDER = json.loads(sys.argv[3])
ITEMS = [{"sku": f"SKU-{n}", "quantity": n % 10, "price": n * 1.5} for n in range(1000)]
PLACED = datetime.datetime(2026, 11, 28, 8, 0, tzinfo=datetime.timezone.utc)


def median(body, count, repeats=5):
    times = []
    for _ in range(repeats):
        started = time.perf_counter_ns()
        for _ in range(count):
            body()
        times.append((time.perf_counter_ns() - started) / count)
    return sorted(times)[repeats // 2]


def rust():
    import cel

    order = dict(ORDER, placedAt=PLACED)
    context = cel.Context(variables={"order": order, "items": ITEMS})
    rule, always, keep = cel.compile(RULE), cel.compile("true"), cel.compile(FILTER)
    assert rule.execute(context) is True
    assert len(keep.execute(context)) == 300
    return {
        "true": median(lambda: always.execute(context), 20_000),
        "rule": median(lambda: rule.execute(context), 20_000),
        "filter": median(lambda: keep.execute(context), 50),
        "compile": median(lambda: cel.compile(RULE), 2_000),
    }


def zen():
    import zen

    # Its own language: `and` for `&&`, functions for members, dates as text.
    rule = (
        'order.country == "US" and order.status != "cancelled" and order.total > 100.0 and '
        'order.lines >= 2 and startsWith(order.zip, "94") and '
        'order.carrier in ["UPS", "FedEx", "DHL"] and order.attributes.tier == "gold" and '
        'order.weight < 20.5 and endsWith(order.email, ".com") and '
        'd(order.placedAt).isBefore(d("2027-01-01T00:00:00Z"))'
    )
    keep = "filter(items, #.quantity > 6)"
    order = dict(ORDER, placedAt="2026-11-28T08:00:00Z")
    compiled, always, kept = (
        zen.compile_expression(rule), zen.compile_expression("true"), zen.compile_expression(keep))
    assert compiled.evaluate({"order": order}) is True
    assert len(kept.evaluate({"items": ITEMS})) == 300
    return {
        "true": median(lambda: always.evaluate({"order": order}), 5_000),
        "rule": median(lambda: compiled.evaluate({"order": order}), 5_000),
        "filter": median(lambda: kept.evaluate({"items": ITEMS}), 50),
        "compile": median(lambda: zen.compile_expression(rule), 2_000),
    }


def python():
    import celpy

    environment = celpy.Environment()

    def program(text):
        return environment.program(environment.compile(text))

    order = celpy.json_to_cel(ORDER)
    order[celpy.celtypes.StringType("placedAt")] = celpy.celtypes.TimestampType(PLACED)
    values = {"order": order, "items": celpy.json_to_cel(ITEMS)}
    rule, always, keep = program(RULE), program("true"), program(FILTER)
    assert rule.evaluate(values)
    return {
        "true": median(lambda: always.evaluate(values), 500),
        "rule": median(lambda: rule.evaluate(values), 100),
        "filter": median(lambda: keep.evaluate(values), 1, 3),
        "compile": median(lambda: environment.compile(RULE), 20),
    }


found = {}
for name, engine in [
    ("common-expression-language", rust), ("zen-engine", zen), ("cel-python", python),
]:
    try:
        found[name] = engine()
    except Exception as error:  # said, and left out
        print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
print(json.dumps(found))
