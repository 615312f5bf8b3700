/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The built-in page and the browser module, from the GResource. Thread: hub */

#include <libsoup/soup.h>

G_BEGIN_DECLS

/* Whether there is something at path ("/" is the page). */
gboolean wherry_web_site_has (const char *path);
/* Answers a GET or HEAD of it. */
void wherry_web_site_serve (SoupServerMessage *message, const char *path);

G_END_DECLS
