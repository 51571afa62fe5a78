"""The addresses of the example, and those that django-grappelli asks for."""

from django.urls import include, path

urlpatterns = [path("grappelli/", include("grappelli.urls")), path("", include("config.urls"))]
