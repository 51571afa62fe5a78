"""The addresses of the library outside of the admin.

    path("jobs/", include("jobs.urls"))

The template tag `job_progress` needs them, and nothing else does.
"""

from django.urls import path

from jobs.fragment import ADDRESS, show

urlpatterns = [path("progress/<str:token>/", show, name=ADDRESS)]
