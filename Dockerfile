# One image for the web server, the worker, the fake services and the migrations: the command says which.
# Every dependency comes as a wheel, so there is no compiler and no second stage.
FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_ROOT_USER_ACTION=ignore \
    DEBUG=false

RUN useradd --system --create-home --uid 10001 app
WORKDIR /app

# The dependencies alone first: a change of the code does not install them again.
# pip refuses a package without one of the hashes in the lock, and one that would have to be built.
COPY requirements/example.txt requirements/example.txt
RUN pip install --require-hashes --only-binary :all: --requirement requirements/example.txt

COPY . .
# The key is for this one command: it is in no layer. .dev/ holds SQLite if no database is named.
RUN SECRET_KEY=only-to-collect-static-files-and-never-to-sign-anything python manage.py collectstatic --no-input \
    && mkdir --parents .dev && chown --recursive app .dev

USER app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import http.client as h; c = h.HTTPConnection('127.0.0.1:8000', timeout=4); c.request('GET', '/admin/login/'); assert c.getresponse().status < 400"]
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--access-logfile=-"]
