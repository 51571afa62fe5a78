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
COPY pyproject.toml README.md LICENSE ./
RUN mkdir jobs && touch jobs/__init__.py \
    && pip install --upgrade "pip>=25.1" \
    && pip install --prefer-binary --editable . --group example

COPY . .
# The key is for this one command: it is in no layer. .dev/ holds SQLite if no database is named.
RUN SECRET_KEY=only-to-collect-static-files python manage.py collectstatic --no-input \
    && mkdir --parents .dev && chown --recursive app .dev

USER app
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/admin/login/', timeout=4)"]
CMD ["gunicorn", "config.wsgi", "--bind=0.0.0.0:8000", "--workers=2", "--threads=4", "--access-logfile=-"]
