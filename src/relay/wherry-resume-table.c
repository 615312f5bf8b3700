/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "relay/wherry-resume-table.h"

#include <string.h>
#include <sys/random.h>

#define TOKEN_BYTES 24u

typedef struct
{
  guint8 bytes[WHERRY_RESUME_HASH_BYTES];
  guint64 member;
} Hash;

struct _WherryResumeTable
{
  /* hub thread only */
  GHashTable *by_hash;   /* Hash to itself, owned */
  GHashTable *by_member; /* member (guint64) to Hash, borrowed */
};

/* It is random already. */
static guint
hash_hash (gconstpointer data)
{
  guint value;

  memcpy (&value, data, sizeof value);
  return value;
}

static gboolean
hash_equal (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, WHERRY_RESUME_HASH_BYTES) == 0;
}

WherryResumeTable *
wherry_resume_table_new (void)
{
  WherryResumeTable *self = g_new0 (WherryResumeTable, 1);

  self->by_hash = g_hash_table_new_full (hash_hash, hash_equal, g_free, NULL);
  self->by_member = g_hash_table_new (g_int64_hash, g_int64_equal);
  return self;
}

void
wherry_resume_table_free (WherryResumeTable *self)
{
  if (self == NULL)
    return;
  g_hash_table_unref (self->by_member);
  g_hash_table_unref (self->by_hash);
  g_free (self);
}

static void
hash_token (const char *token, guint8 bytes[WHERRY_RESUME_HASH_BYTES])
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gsize length = WHERRY_RESUME_HASH_BYTES;

  g_checksum_update (checksum, (const guchar *) token, -1);
  g_checksum_get_digest (checksum, bytes, &length);
}

char *
wherry_resume_table_issue (WherryResumeTable *self, guint64 member, guint8 *hash)
{
  guint8 random[TOKEN_BYTES];
  guint8 bytes[WHERRY_RESUME_HASH_BYTES];
  char *token;

  if (getrandom (random, sizeof random, 0) != sizeof random)
    return NULL;
  token = g_base64_encode (random, sizeof random); /* a multiple of three: no padding */
  g_strdelimit (token, "+", '-');
  g_strdelimit (token, "/", '_');
  hash_token (token, bytes);
  wherry_resume_table_add (self, member, bytes);
  if (hash != NULL)
    memcpy (hash, bytes, sizeof bytes);
  return token;
}

void
wherry_resume_table_add (WherryResumeTable *self, guint64 member, const guint8 *hash)
{
  Hash *new = g_new0 (Hash, 1);

  memcpy (new->bytes, hash, sizeof new->bytes);
  new->member = member;
  wherry_resume_table_forget (self, member);
  g_hash_table_add (self->by_hash, new);
  g_hash_table_insert (self->by_member, &new->member, new);
}

guint64
wherry_resume_table_lookup (WherryResumeTable *self, const char *token)
{
  guint8 bytes[WHERRY_RESUME_HASH_BYTES];
  const Hash *found;

  hash_token (token, bytes);
  found = g_hash_table_lookup (self->by_hash, bytes);
  return found != NULL ? found->member : 0;
}

void
wherry_resume_table_forget (WherryResumeTable *self, guint64 member)
{
  Hash *old = g_hash_table_lookup (self->by_member, &member);

  if (old == NULL)
    return;
  g_hash_table_remove (self->by_member, &member);
  g_hash_table_remove (self->by_hash, old);
}

guint
wherry_resume_table_get_n (WherryResumeTable *self)
{
  return g_hash_table_size (self->by_hash);
}
