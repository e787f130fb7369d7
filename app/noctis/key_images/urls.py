"""Addresses of this app."""

from __future__ import annotations

from django.urls import path

from noctis.key_images import views

STUDY = "viewer/<uid:study_uid>"
IMAGE = f"{STUDY}/key-images/<uid:instance_uid>/<int:frame_number>"

urlpatterns = [
    path(f"{STUDY}/key-images", views.list_key_images, name="key_images"),
    path(IMAGE, views.change_key_image, name="key_image"),
    path(f"{IMAGE}/picture", views.key_image_picture, name="key_image_picture"),
    path(f"{STUDY}/key-object-selections", views.keep_selection, name="key_object_selections"),
]
