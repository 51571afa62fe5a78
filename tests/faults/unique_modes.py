"""How long each class of `unique_jobs` holds its key.

Those who judge it have no Django.
"""

UNTIL_DONE, UNTIL_START, WINDOW, REPLACING = "done", "start", "window", "replacing"
MODES = {
    "UntilDoneJob": UNTIL_DONE,
    "AsyncUntilDoneJob": UNTIL_DONE,
    "KeyedJob": UNTIL_DONE,
    "UntilStartJob": UNTIL_START,
    "WindowJob": WINDOW,
    "NewestJob": REPLACING,
    "DebouncedJob": REPLACING,
}
#: How long a window is, in ms.
WINDOW_MS = 300
