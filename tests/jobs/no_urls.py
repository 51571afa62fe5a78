"""The URLs of a project that has not included ours."""

urlpatterns: list[object] = []
