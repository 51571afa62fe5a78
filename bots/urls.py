"""The addresses of the bots."""

from django.urls import path

from bots import views
from bots.models import Kind

app_name = "bots"

urlpatterns = [
    path("", views.index, name="index"),
    path("wall", views.wall, name="wall"),
    path("run", views.start, {"kind": Kind.FAN_OUT}, name="start"),
    path(
        "counter-example",
        views.start,
        {"kind": Kind.COUNTER_EXAMPLE},
        name="start_counter_example",
    ),
    path("bail-out", views.start, {"kind": Kind.BAIL_OUT}, name="start_bail_out"),
    path("worf", views.switch_worf, name="switch_worf"),
]
