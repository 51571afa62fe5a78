"""Messages as they come from real libraries, in families.

Each family is one cause. Its messages differ by their values alone.
"""

FAMILIES: dict[str, tuple[str, ...]] = {
    "card declined": (
        "Card 4242 was declined: insufficient_funds",
        "Card 0005 was declined: insufficient_funds",
        "Card 1881-22 was declined: insufficient_funds",
        "Card ab12 was declined: insufficient_funds",
        "Card **** 9 was declined: insufficient_funds",
    ),
    "card expired": (
        "Card 4242 was declined: expired_card",
        "Card 0005 was declined: expired_card",
        "Card 1881 was declined: expired_card",
        "Card ab12 was declined: expired_card",
        "Card 77 was declined: expired_card",
    ),
    "no order": (
        "No order 880001 of 'Ada Lovelace'",
        "No order A-17/b of 'Grace'",
        'No order 3 of "Conan O\'Brien"',
        "No order 1,204 of 'Łukasz Żółć'",
        "No order ord_9fK2 of ''",
    ),
    "out of stock": (
        "Product «Blue mug» (sku MUG-1) is out of stock: 0 left, 3 wanted",
        "Product «Tee» (sku T-XL-2) is out of stock: 1 left, 12 wanted",
        "Product «Lamp no. 7» (sku 99) is out of stock: 0 left, 1 wanted",
        "Product «» (sku x0) is out of stock: 4 left, 5 wanted",
        "Product «A, B and C» (sku q7/8) is out of stock: 0 left, 1,000 wanted",
    ),
    "timeout of a read": (
        "HTTPSConnectionPool(host='api.stripe.com', port=443): Read timed out. (read timeout=10)",
        "HTTPSConnectionPool(host='api.dhl.de', port=443): Read timed out. (read timeout=2.5)",
        "HTTPSConnectionPool(host='10.0.0.7', port=8443): Read timed out. (read timeout=30)",
        "HTTPSConnectionPool(host='localhost', port=80): Read timed out. (read timeout=1)",
        "HTTPSConnectionPool(host='a.b', port=9): Read timed out. (read timeout=0.25)",
    ),
    "connection refused": tuple(
        f"HTTPSConnectionPool(host='{host}', port={port}): Max retries exceeded with url: {path} "
        f"(Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at {at}>: "
        "Failed to establish a new connection: [Errno 111] Connection refused'))"
        for host, port, path, at in (
            ("api.stripe.com", 443, "/v1/charges", "0x7f3c5c1d2b50"),
            ("api.dhl.de", 443, "/track/jd-123?lang=de", "0x7f3c5c1d2b51"),
            ("10.0.0.7", 8443, "/", "0x104e2fa90"),
            ("mail.example.com", 25, "/send/ada", "0x7fffb"),
            ("x", 1, "/v2/orders/17/lines", "0x1"),
        )
    ),
    "name not known": tuple(
        f"HTTPSConnectionPool(host='{host}', port=443): Max retries exceeded with url: {path} "
        f"(Caused by NewConnectionError('<urllib3.connection.HTTPSConnection object at {at}>: "
        "Failed to establish a new connection: [Errno -2] Name or service not known'))"
        for host, path, at in (
            ("api.stripe.com", "/v1/charges", "0x7f3c5c1d2b50"),
            ("api.dhl.de", "/track/jd-123", "0x7f3c5c1d2b51"),
            ("db", "/", "0x104e2fa90"),
            ("mail.example.com", "/send", "0x7fffb"),
            ("x", "/v2/orders/17/lines", "0x1"),
        )
    ),
    "server error": (
        "500 Server Error: Internal Server Error for url: https://api.x.com/v1/orders/17",
        "500 Server Error: Internal Server Error for url: http://localhost:8000/a?b=c",
        "500 Server Error: Internal Server Error for url: https://dhl.de/",
        "500 Server Error: Internal Server Error for url: https://x/y/z#here",
        "500 Server Error: Internal Server Error for url: https://user@h/p",
    ),
    "not found": (
        "404 Client Error: Not Found for url: https://api.x.com/v1/orders/17",
        "404 Client Error: Not Found for url: http://localhost:8000/a?b=c",
        "404 Client Error: Not Found for url: https://dhl.de/",
        "404 Client Error: Not Found for url: https://x/y/z#here",
        "404 Client Error: Not Found for url: https://user@h/p",
    ),
    "status 503": tuple(
        f"Request {n} to {url} failed with status code 503"
        for n, url in enumerate(
            ("https://a.b/c", "http://x", "https://y/9", "http://z/q", "ftp://f")
        )
    ),
    "status 429": tuple(
        f"Request {n} to {url} failed with status code 429"
        for n, url in enumerate(
            ("https://a.b/c", "http://x", "https://y/9", "http://z/q", "ftp://f")
        )
    ),
    "unique order number": tuple(
        'duplicate key value violates unique constraint "orders_order_number_key"\n'
        f"DETAIL:  Key (number)=({n}) already exists."
        for n in (17, 18, 19, 20, 21)
    ),
    "unique email": tuple(
        'duplicate key value violates unique constraint "users_email_8f3a91_uniq"\n'
        f"DETAIL:  Key (email)=({name}@example.com) already exists."
        for name in ("ada", "bob", "eve", "dan", "joe")
    ),
    "foreign key": tuple(
        'insert or update on table "orders_line" violates foreign key constraint '
        f'"orders_line_order_id_fk"\nDETAIL:  Key (order_id)=({n}) is not present.'
        for n in (1, 2, 3, 4, 5)
    ),
    "postgres deadlock": tuple(
        f"deadlock detected\nDETAIL:  Process {n} waits for ShareLock on transaction {n + 7}."
        for n in (1, 22, 333, 4444, 55555)
    ),
    "mysql deadlock": (
        "(1213, 'Deadlock found when trying to get lock; try restarting transaction')",
    )
    * 5,
    "mysql lock wait": ("(1205, 'Lock wait timeout exceeded; try restarting transaction')",) * 5,
    "mysql duplicate": tuple(
        f"(1062, \"Duplicate entry '{entry}' for key 'orders.number'\")"
        for entry in ("17", "ada@example.com", "x-1", "a b c", "")
    ),
    "mysql gone": ("(2006, 'MySQL server has gone away')",) * 5,
    "redis away": (
        "Error 111 connecting to 127.0.0.1:6379. Connection refused.",
        "Error 111 connecting to localhost:6380. Connection refused.",
        "Error 111 connecting to [::1]:6379. Connection refused.",
        "Error 111 connecting to 10.0.3.17:6379. Connection refused.",
        "Error 111 connecting to redis-7:6379. Connection refused.",
    ),
    "no such file": (
        "[Errno 2] No such file or directory: '/tmp/ada.csv'",
        "[Errno 2] No such file or directory: '/var/lib/app/media/2026/11/x.pdf'",
        "[Errno 2] No such file or directory: 'relative/name of it.txt'",
        "[Errno 2] No such file or directory: 'C:\\\\Users\\\\ada\\\\x.txt'",
        '[Errno 2] No such file or directory: "/tmp/it\'s.txt"',
    ),
    "no permission": (
        "[Errno 13] Permission denied: '/tmp/ada.csv'",
        "[Errno 13] Permission denied: '/var/lib/app/media/2026/11/x.pdf'",
        "[Errno 13] Permission denied: 'relative/name of it.txt'",
        "[Errno 13] Permission denied: '/a'",
        '[Errno 13] Permission denied: "/tmp/it\'s.txt"',
    ),
    "bare path": (
        "Cannot convert /srv/media/uploads/ada.png to webp",
        "Cannot convert ./uploads/bob.jpeg to webp",
        "Cannot convert /tmp/x to webp",
        "Cannot convert ~/pictures/eve.tiff to webp",
        "Cannot convert C:\\pictures\\joe.bmp to webp",
    ),
    "attribute total": ("'NoneType' object has no attribute 'total'",) * 5,
    "attribute email": ("'NoneType' object has no attribute 'email'",) * 5,
    "key email": ("'email'",) * 5,
    "key total": ("'total'",) * 5,
    "key of a value": ("17", "18", "880001", "'A-17'", "'ord_9'"),
    "missing argument": ("SendMail.perform() missing 1 required positional argument: 'order_id'",)
    * 5,
    "unexpected argument": ("SendMail.perform() got an unexpected keyword argument 'order_id'",)
    * 5,
    "no module": ("No module named 'shop.billing'",) * 5,
    "another module": ("No module named 'shop.shipping'",) * 5,
    "does not exist": ("Order matching query does not exist.",) * 5,
    "multiple objects": tuple(
        f"get() returned more than one Order -- it returned {n}!" for n in (2, 3, 9, 12, 17)
    ),
    "bad number": (
        "invalid literal for int() with base 10: 'abc'",
        "invalid literal for int() with base 10: ''",
        "invalid literal for int() with base 10: '12.5'",
        'invalid literal for int() with base 10: "it\'s"',
        "invalid literal for int() with base 10: 'a b'",
    ),
    "bad JSON": (
        "Expecting value: line 1 column 1 (char 0)",
        "Expecting value: line 3 column 17 (char 204)",
        "Expecting value: line 12 column 2 (char 9)",
        "Expecting value: line 1 column 5 (char 4)",
        "Expecting value: line 2 column 1 (char 30)",
    ),
    "uuid": tuple(
        f"Invoice {name} is locked"
        for name in (
            "6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "6F9619FF8B86D011B42D00CF4FC964FF",
            "{6f9619ff-8b86-d011-b42d-00cf4fc964ff}",
            "urn:uuid:6f9619ff-8b86-d011-b42d-00cf4fc964ff",
            "deadbeefcafe",
        )
    ),
    "time": tuple(
        f"Rate of EUR is too old: {at}"
        for at in (
            "2026-11-30T12:30:11.123456+01:00",
            "2026-11-30 12:30:11",
            "Mon, 30 Nov 2026 11:30:11 GMT",
            "30 November 2026",
            "12:30",
        )
    ),
    "size": tuple(
        f"Attachment of {size} is larger than {limit}"
        for size, limit in (
            ("12 MB", "10 MB"),
            ("10.5 MiB", "10 MB"),
            ("900 kB", "10485760 bytes"),
            ("1 byte", "0 bytes"),
            ("3GB", "1GB"),
        )
    ),
    "limit of time": tuple(
        f"Export ran for {span}, longer than its limit"
        for span in ("1 second", "2 seconds", "1 h 4 min", "3.5 s", "850 ms")
    ),
    "price": tuple(
        f"Amount {amount} is below the minimum of {least}"
        for amount, least in (
            ("0.10 EUR", "0.50 EUR"),
            ("€ 0.10", "€ 0.50"),
            ("$0.01", "$1"),
            ("10 USD", "20 USD"),
            ("£3.00", "£4.00"),
        )
    ),
    "address of mail": tuple(
        f"Mailbox {name} rejected: user unknown"
        for name in ("ada@example.com", "<bob+x@b.org>", "eve@mail.co.uk", "j.o@x.io", "9@9.de")
    ),
    "mailbox full": tuple(
        f"Mailbox {name} rejected: quota exceeded"
        for name in ("ada@example.com", "<bob+x@b.org>", "eve@mail.co.uk", "j.o@x.io", "9@9.de")
    ),
    "dictionary": tuple(
        f"Webhook refused: {body}"
        for body in (
            "{'id': 5, 'name': 'Ada'}",
            "{'id': 6, 'name': \"O'Brien\", 'tags': ['a', 'b']}",
            '{"id": 7}',
            "{}",
            "{'a': {'b': [1, 2, {'c': 'd'}]}, 'at': '2026-11-30'}",
        )
    ),
    "list": tuple(
        f"Unknown countries {names} in the tariff"
        for names in ("['DE', 'FR']", "['DE']", "[]", "('AT',)", "['A', 'B', 'C']")
    ),
    "model": (
        "Cannot ship <Order: Order object (17)> without an address",
        "Cannot ship <Order: 880001> without an address",
        "Cannot ship <Order: Order of Ada> without an address",
        "Cannot ship <Order: x> without an address",
        "Cannot ship <Order object at 0x7f00> without an address",
    ),
    "apostrophe": (
        "Can't reach the printer in room 12, it doesn't answer",
        "Can't reach the printer in room B7, it doesn't answer",
        "Can't reach the printer in room 3, it doesn't answer",
        "Can't reach the printer in room 99, it doesn't answer",
        "Can't reach the printer in room 4a, it doesn't answer",
    ),
    "another apostrophe": (
        "Can't reach the scanner in room 12, it doesn't answer",
        "Can't reach the scanner in room B7, it doesn't answer",
        "Can't reach the scanner in room 3, it doesn't answer",
        "Can't reach the scanner in room 99, it doesn't answer",
        "Can't reach the scanner in room 4a, it doesn't answer",
    ),
    "nothing said": ("",) * 5,
}

#: One message each of other causes. None may join another, or a family.
NEIGHBOURS: tuple[str, ...] = (
    "An error occurred (NoSuchKey) when calling the GetObject operation: The key does not exist.",
    "An error occurred (AccessDenied) when calling the GetObject operation: Access Denied",
    "(550, b'5.1.1 <ada@example.com>: Recipient address rejected: User unknown')",
    "(421, b'4.7.0 Try again later, closing connection. s17-2002a - gsmtp')",
    "['“2026-13-01” value has an invalid date format. It must be in YYYY-MM-DD format.']",
    "{'email': ['Enter a valid email address.']}",
    "{'name': ['This field is required.']}",
    'connection to server at "10.0.0.1", port 5432 failed: Connection refused',
    'connection to server at "db" (10.0.0.1), port 5432 failed: FATAL: too many connections',
    'null value in column "total" of relation "orders" violates not-null constraint',
    'null value in column "email" of relation "orders" violates not-null constraint',
    "UNIQUE constraint failed: orders_order.number",
    "UNIQUE constraint failed: users_user.email",
    "database is locked",
    "Object of type Decimal is not JSON serializable",
    "Object of type datetime is not JSON serializable",
    "unsupported operand type(s) for +: 'int' and 'str'",
    "unsupported operand type(s) for +: 'NoneType' and 'int'",
    "Command '['ffmpeg', '-i', '/tmp/a.mp4']' returned non-zero exit status 1.",
    "Command '['ffmpeg', '-i', '/tmp/a.mp4']' returned non-zero exit status 137.",
    "Command '['ffmpeg', '-i', '/tmp/a.mp4']' died with <Signals.SIGKILL: 9>.",
    "orders/mail/receipt.html",
    "orders/mail/refund.html",
    "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: expired (_ssl.c:1006)",
    "[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1129)",
    "Client error '404 Not Found' for url 'https://a.b/c'",
    "Client error '422 Unprocessable Entity' for url 'https://a.b/c'",
    "Order 17 has already been paid",
    "Order 17 has already been shipped",
    "订单17不存在",
    "用户17不存在",
)
