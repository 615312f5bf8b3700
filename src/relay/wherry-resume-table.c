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

typedef struct
{
  guint64 member;
  Hash *newest;
  Hash *before; /* NULL: none */
} Tokens;

struct _WherryResumeTable
{
  /* hub thread only */
  GHashTable *by_hash;   /* Hash to itself, owned */
  GHashTable *by_member; /* member (guint64) to Tokens, owned */
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
  self->by_member = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, g_free);
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

static void
clear (WherryResumeTable *self, Hash **hash)
{
  if (*hash != NULL)
    g_hash_table_remove (self->by_hash, *hash);
  *hash = NULL;
}

void
wherry_resume_table_add (WherryResumeTable *self, guint64 member, const guint8 *hash)
{
  Tokens *tokens = g_hash_table_lookup (self->by_member, &member);
  Hash *new = g_new0 (Hash, 1);

  memcpy (new->bytes, hash, sizeof new->bytes);
  new->member = member;
  if (tokens == NULL)
    {
      tokens = g_new0 (Tokens, 1);
      tokens->member = member;
      g_hash_table_insert (self->by_member, &tokens->member, tokens);
    }
  clear (self, &tokens->before);
  tokens->before = tokens->newest;
  tokens->newest = new;
  g_hash_table_add (self->by_hash, new);
}

void
wherry_resume_table_confirm (WherryResumeTable *self, guint64 member)
{
  Tokens *tokens = g_hash_table_lookup (self->by_member, &member);

  if (tokens != NULL)
    clear (self, &tokens->before);
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
wherry_resume_table_use (WherryResumeTable *self, const char *token, guint8 *hash)
{
  guint64 member = wherry_resume_table_lookup (self, token);
  Tokens *tokens = g_hash_table_lookup (self->by_member, &member);

  hash_token (token, hash);
  if (tokens == NULL || tokens->before == NULL || !hash_equal (tokens->before->bytes, hash))
    return;
  clear (self, &tokens->newest);
  tokens->newest = g_steal_pointer (&tokens->before);
}

void
wherry_resume_table_forget (WherryResumeTable *self, guint64 member)
{
  Tokens *tokens = g_hash_table_lookup (self->by_member, &member);

  if (tokens == NULL)
    return;
  clear (self, &tokens->before);
  clear (self, &tokens->newest);
  g_hash_table_remove (self->by_member, &member);
}

guint
wherry_resume_table_get_n (WherryResumeTable *self)
{
  return g_hash_table_size (self->by_hash);
}
