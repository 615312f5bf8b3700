/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What somebody may do here: the rooms that it may join, the topics that it may publish on and
 * subscribe to, the name that it has to go by, and until when. Made from a token, immutable, shared
 * by whoever asks. Where a grant is NULL nobody limits anything: every question below is then
 * answered as if all were granted, but for admin. Everything here: Thread: any */

#include <glib.h>

G_BEGIN_DECLS

typedef struct _WherryGrant WherryGrant;

/* A grant without end. */
#define WHERRY_GRANT_FOREVER (-1)

/* What a list does not name is not granted: NULL is the same as an empty list. */
typedef struct
{
  const char *subject;          /* who it is; bans and resume know it by this (nullable) */
  const char *name;             /* the name that its members have, whatever they ask (nullable) */
  const char *const *rooms;     /* patterns, NULL-terminated (nullable) */
  const char *const *publish;   /* the same, of topics (nullable) */
  const char *const *subscribe; /* the same (nullable) */
  const char *attributes;       /* raw JSON object that wherry_json_scan() took (nullable) */
  gint64 expires_us;            /* microseconds since 1970; WHERRY_GRANT_FOREVER */
  gboolean admin;
} WherryGrantInit;

/**
 * wherry_grant_new:
 *
 * Copies. Fails with WHERRY_ERROR_LIMIT for more than WHERRY_GRANT_PATTERNS_MAX patterns in a list
 * or one longer than WHERRY_GRANT_PATTERN_MAX, WHERRY_ERROR_TOO_LARGE for a subject or attributes
 * over theirs, WHERRY_ERROR_PROTOCOL for a name that no member could have or what is not UTF-8.
 *
 * Returns: (transfer full) (nullable)
 */
WherryGrant *wherry_grant_new (const WherryGrantInit *init, GError **error);
WherryGrant *wherry_grant_ref (WherryGrant *self);
void wherry_grant_unref (WherryGrant *self);

gboolean wherry_grant_may_join (const WherryGrant *self, const char *room);
/* Whether it may publish on any topic at all. */
gboolean wherry_grant_may_speak (const WherryGrant *self);
gboolean wherry_grant_may_publish (const WherryGrant *self, const char *topic);
gboolean wherry_grant_may_subscribe (const WherryGrant *self, const char *topic);
/* FALSE for NULL: without keys nobody is one by a token. */
gboolean wherry_grant_is_admin (const WherryGrant *self);
/* (nullable): NULL for NULL */
const char *wherry_grant_get_subject (const WherryGrant *self);
const char *wherry_grant_get_name (const WherryGrant *self);
const char *wherry_grant_get_attributes (const WherryGrant *self);
/* Microseconds since 1970; WHERRY_GRANT_FOREVER, also for NULL. */
gint64 wherry_grant_get_expires_us (const WherryGrant *self);

/* Whether all of text fits pattern, byte by byte: `*` stands for any bytes but '/', so that by
 * itself it is one level of a topic's name; `**` for any bytes; everything else for itself. At most
 * as many steps as the product of both lengths; never for a pattern that is too long. */
gboolean wherry_grant_pattern_matches (const char *pattern, const char *text);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (WherryGrant, wherry_grant_unref)

G_END_DECLS
