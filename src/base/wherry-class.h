/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/* Fills in a class now, for good, and not when its first object is made. Whoever starts threads
 * that make objects of a class calls this before: two of them that make the first one at once then
 * do not wait for each other, and the thread sanitizer, which does not see GLib's lock around a
 * class, knows that the class was there before either. type: of instances; with it, its interfaces'
 * tables. Thread: any */
void wherry_class_prepare (GType type);

G_END_DECLS
