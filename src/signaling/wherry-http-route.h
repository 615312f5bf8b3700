/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What a path below /rooms names (data/docs/protocol.md section 2): a pure function. Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef enum
{
  WHERRY_HTTP_NOWHERE,   /* there is nothing of that form */
  WHERRY_HTTP_MALFORMED, /* a bad percent escape, NUL, or no UTF-8 */
  WHERRY_HTTP_ROOMS,     /* /rooms */
  WHERRY_HTTP_ROOM,      /* /rooms/{room} */
  WHERRY_HTTP_MEMBERS,   /* /rooms/{room}/members */
  WHERRY_HTTP_MEMBER,    /* /rooms/{room}/members/{id}, of 16 hexadecimal digits */
  WHERRY_HTTP_SESSION,   /* /rooms/{room}/members/{secret}: anything else */
  WHERRY_HTTP_TOPIC,     /* /rooms/{room}/topics/{topic}; what is behind topics/ is all of it */
} WherryHttpResource;

typedef struct
{
  WherryHttpResource resource;
  char *room;   /* NULL: the path names none */
  char *member; /* an id or a secret; NULL: neither */
  char *topic;  /* NULL: none */
} WherryHttpRoute;

/* Whether a path is for this at all. */
gboolean wherry_http_route_is_ours (const char *path);
/* path: as it came, with its percent escapes, each of which is undone once and after the path was
 * split: a / in a room's name is no separator, and there are no dot segments. */
WherryHttpRoute *wherry_http_route_parse (const char *path);
void wherry_http_route_free (WherryHttpRoute *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryHttpRoute, wherry_http_route_free)

G_END_DECLS
