/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Follows the head of a request as it comes in, for what libsoup 3.2 may not see: where it cannot
 * tell the length of the body it refuses the request and keeps its path for good, which may be as
 * long as a head may be. Pure. Thread: any, one at a time */

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  char line[64]; /* the beginning of the line that comes */
  guint have;    /* of it */
  gboolean cut;  /* the line is longer */
  guint lines;   /* before it */
  gboolean in_fields;
  gboolean over; /* the head has ended */
} WherryHeadWatch;

void wherry_head_watch_init (WherryHeadWatch *self);
/* Returns: 0: go on; otherwise what it is to be refused with, before the end of this data is
 * handed on: 400 for a Content-Length that is none and for a folded line (RFC 9112 sections 6.3
 * and 5.2), 501 for a Transfer-Encoding other than chunked (section 6.1). */
guint wherry_head_watch_feed (WherryHeadWatch *self, const guint8 *data, gsize length);

G_END_DECLS
