"""The addresses of the rehearsals."""

from django.urls import path

from rehearsals import views

app_name = "rehearsals"

urlpatterns = [
    path("", views.index, name="index"),
    path("live", views.live, name="live"),
    path("<slug:drill>/put-back", views.put_back, name="put_back"),
    path("<slug:drill>/<slug:button>", views.press, name="press"),
]
