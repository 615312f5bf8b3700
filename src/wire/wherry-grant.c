/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-wire"

#include "config.h"

#include "wire/wherry-grant.h"

#include <string.h>

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-lock.h"
#include "wire/wherry-signal.h"

/* What a step of a pattern takes besides a byte of its own. */
#define ANY_OF_LEVEL 256u
#define ANY 257u

struct _WherryGrant
{
  gatomicrefcount ref_count;

  /* immutable after construction: any thread reads */
  char *subject;
  char *name;
  GStrv rooms;
  GStrv publish;
  GStrv subscribe;
  char *attributes;
  gint64 expires_us;
  gboolean admin;
};

/* ---- patterns ---- */

/* FALSE: too long. */
static gboolean
compile (const char *pattern, guint16 *steps, guint *n_steps)
{
  guint n = 0;

  for (const char *p = pattern; *p != '\0'; p++)
    {
      if (n == WHERRY_GRANT_PATTERN_MAX)
        return FALSE;
      if (*p != '*')
        steps[n++] = (guint8) *p;
      else if (p[1] != '*')
        steps[n++] = ANY_OF_LEVEL;
      else
        {
          steps[n++] = ANY;
          while (p[1] == '*')
            p++;
        }
    }
  *n_steps = n;
  return TRUE;
}

/* Every place in the pattern where we may be is kept, so that nothing is ever tried again. at has
 * one more than n_steps; a place at a star is also one behind it, which a star may stand for no
 * byte by. */
static void
pass_stars (const guint16 *steps, guint n_steps, gboolean *at)
{
  for (guint i = 0; i < n_steps; i++)
    if (at[i] && steps[i] >= ANY_OF_LEVEL)
      at[i + 1] = TRUE;
}

static gboolean
take_byte (const guint16 *steps, guint n_steps, gboolean *at, guint8 byte)
{
  gboolean alive = FALSE;

  at[n_steps] = FALSE;
  for (guint i = n_steps; i-- > 0;)
    {
      if (!at[i])
        continue;
      if (steps[i] == byte)
        at[i + 1] = alive = TRUE;
      if (steps[i] == ANY || (steps[i] == ANY_OF_LEVEL && byte != '/'))
        alive = TRUE;
      else
        at[i] = FALSE;
    }
  return alive;
}

gboolean
wherry_grant_pattern_matches (const char *pattern, const char *text)
{
  guint16 steps[WHERRY_GRANT_PATTERN_MAX];
  gboolean at[WHERRY_GRANT_PATTERN_MAX + 1];
  guint n_steps;

  if (strcmp (pattern, "**") == 0)
    return TRUE;
  if (!compile (pattern, steps, &n_steps))
    return FALSE;
  memset (at, 0, (n_steps + 1) * sizeof at[0]);
  at[0] = TRUE;
  pass_stars (steps, n_steps, at);
  for (const char *p = text; *p != '\0'; p++)
    {
      if (!take_byte (steps, n_steps, at, (guint8) *p))
        return FALSE;
      pass_stars (steps, n_steps, at);
    }
  return at[n_steps];
}

static gboolean
any_matches (const char *const *patterns, const char *text)
{
  for (guint i = 0; patterns[i] != NULL; i++)
    if (wherry_grant_pattern_matches (patterns[i], text))
      return TRUE;
  return FALSE;
}

/* ---- making one ---- */

static gboolean
copy_patterns (GStrv *out, const char *const *patterns, const char *what, GError **error)
{
  g_autoptr (GPtrArray) copies = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; patterns != NULL && patterns[i] != NULL; i++)
    {
      if (i == WHERRY_GRANT_PATTERNS_MAX || strlen (patterns[i]) > WHERRY_GRANT_PATTERN_MAX)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "%s has more than %u patterns, or one of more than %u bytes", what,
                       WHERRY_GRANT_PATTERNS_MAX, WHERRY_GRANT_PATTERN_MAX);
          return FALSE;
        }
      if (!g_utf8_validate (patterns[i], -1, NULL))
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "%s is not UTF-8", what);
          return FALSE;
        }
      g_ptr_array_add (copies, g_strdup (patterns[i]));
    }
  g_ptr_array_add (copies, NULL);
  *out = (GStrv) g_ptr_array_free (g_steal_pointer (&copies), FALSE);
  return TRUE;
}

static gboolean
check_texts (const WherryGrantInit *init, GError **error)
{
  if (init->subject != NULL && strlen (init->subject) > WHERRY_GRANT_SUBJECT_MAX)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_TOO_LARGE, "a subject has at most %u bytes",
                   WHERRY_GRANT_SUBJECT_MAX);
      return FALSE;
    }
  if (init->subject != NULL && !g_utf8_validate (init->subject, -1, NULL))
    {
      g_set_error_literal (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL, "a subject is UTF-8");
      return FALSE;
    }
  if (!wherry_signal_name_is_valid (init->name))
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_PROTOCOL,
                   "a name has at most %u bytes of UTF-8 without control characters",
                   WHERRY_MEMBER_NAME_MAX);
      return FALSE;
    }
  if (init->attributes != NULL
      && !wherry_signal_attributes_check (init->attributes, strlen (init->attributes), error))
    return FALSE;
  return TRUE;
}

WherryGrant *
wherry_grant_new (const WherryGrantInit *init, GError **error)
{
  g_autoptr (WherryGrant) self = g_new0 (WherryGrant, 1);

  wherry_ref_init (&self->ref_count);
  if (!check_texts (init, error) || !copy_patterns (&self->rooms, init->rooms, "rooms", error)
      || !copy_patterns (&self->publish, init->publish, "publish", error)
      || !copy_patterns (&self->subscribe, init->subscribe, "subscribe", error))
    return NULL;
  self->subject = g_strdup (init->subject);
  self->name = init->name != NULL && init->name[0] != '\0' ? g_strdup (init->name) : NULL;
  self->attributes = g_strdup (init->attributes);
  self->expires_us = init->expires_us;
  self->admin = init->admin;
  return g_steal_pointer (&self);
}

WherryGrant *
wherry_grant_ref (WherryGrant *self)
{
  wherry_ref_inc (&self->ref_count);
  return self;
}

void
wherry_grant_unref (WherryGrant *self)
{
  if (!wherry_ref_dec (&self->ref_count))
    return;
  g_free (self->subject);
  g_free (self->name);
  g_strfreev (self->rooms);
  g_strfreev (self->publish);
  g_strfreev (self->subscribe);
  g_free (self->attributes);
  g_free (self);
}

/* ---- what it grants ---- */

gboolean
wherry_grant_may_join (const WherryGrant *self, const char *room)
{
  return self == NULL || any_matches ((const char *const *) self->rooms, room);
}

gboolean
wherry_grant_may_speak (const WherryGrant *self)
{
  return self == NULL || self->publish[0] != NULL;
}

gboolean
wherry_grant_may_publish (const WherryGrant *self, const char *topic)
{
  return self == NULL || any_matches ((const char *const *) self->publish, topic);
}

gboolean
wherry_grant_may_subscribe (const WherryGrant *self, const char *topic)
{
  return self == NULL || any_matches ((const char *const *) self->subscribe, topic);
}

gboolean
wherry_grant_is_admin (const WherryGrant *self)
{
  return self != NULL && self->admin;
}

const char *
wherry_grant_get_subject (const WherryGrant *self)
{
  return self != NULL ? self->subject : NULL;
}

const char *
wherry_grant_get_name (const WherryGrant *self)
{
  return self != NULL ? self->name : NULL;
}

const char *
wherry_grant_get_attributes (const WherryGrant *self)
{
  return self != NULL ? self->attributes : NULL;
}

gint64
wherry_grant_get_expires_us (const WherryGrant *self)
{
  return self != NULL ? self->expires_us : WHERRY_GRANT_FOREVER;
}
