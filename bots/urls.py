"""The addresses of the bots."""

from django.urls import path

from bots import views

app_name = "bots"

urlpatterns = [
    path("", views.index, name="index"),
    path("wall", views.wall, name="wall"),
    path("run", views.start, name="start"),
    path("counter-example", views.start_counter_example, name="start_counter_example"),
    path("worf", views.switch_worf, name="switch_worf"),
]
