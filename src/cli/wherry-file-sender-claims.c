/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/wherry-file-sender-private.h"

#include <errno.h>
#include <string.h>

#include <glib/gi18n.h>

#include "cli/wherry-file-error.h"
#include "cli/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

/* What the other side claims to have already is compared with the files here: HAVE and PLAN. */

#define SLICE (1024 * 1024) /* hashed at a time */

void
wherry_file_sender_take_have (WherryFileSender *self, const WherryFileRecord *record)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, record->number);
  WherryFileClaim *claim;

  if (self->state != WHERRY_FILE_SENDER_PLANNING || self->wanted || item == NULL || item->is_folder
      || record->size > item->size || (gint64) record->number <= self->last_have)
    {
      wherry_file_sender_refuse (self, "a claim to have what it cannot have");
      return;
    }
  if (self->claims.length >= WHERRY_FILE_HAVE_MAX
      || (record->size < item->size && ++self->partial > WHERRY_FILE_HAVE_PARTS_MAX))
    {
      wherry_file_sender_refuse (self, "too many claims at once");
      return;
    }
  self->last_have = record->number;
  claim = g_new0 (WherryFileClaim, 1);
  claim->index = record->number;
  claim->size = record->size;
  memcpy (claim->hash, record->hash, sizeof claim->hash);
  g_queue_push_tail (&self->claims, claim);
}

static void
answer_claim (WherryFileSender *self, WherryFileClaim *claim)
{
  guint8 digest[WHERRY_FILE_HASH_SIZE];
  WherryFileRecord plan = { .type = WHERRY_FILE_RECORD_PLAN, .number = claim->index };

  wherry_file_hash_peek (self->hash, digest);
  if (memcmp (digest, claim->hash, sizeof digest) == 0)
    {
      WherryFileResume *resume = g_new0 (WherryFileResume, 1);
      const WherryFileItem *item = wherry_file_list_get (self->list, claim->index);

      plan.flag = 1;
      resume->offset = claim->size;
      /* of a whole file nothing is sent any more, and its hash not needed */
      if (claim->size < item->size)
        resume->hash = g_steal_pointer (&self->hash);
      self->spared += claim->size;
      g_hash_table_insert (self->resumes, GUINT_TO_POINTER (claim->index), resume);
    }
  wherry_file_sender_drop (self);
  wherry_file_claim_free (g_queue_pop_head (&self->claims));
  wherry_file_sender_send (self, &plan);
}

void
wherry_file_sender_unreadable (WherryFileSender *self, guint index, int code)
{
  g_autofree char *safe = wherry_terminal_safe (wherry_file_list_get (self->list, index)->path);
  g_autoptr (GError) error
      = g_error_new (WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNREADABLE,
                     _ ("“%s” could not be read: %s"), safe,
                     code != 0 ? g_strerror (code) : _ ("it changes while it is sent"));

  wherry_file_sender_abort (self, error);
}

gboolean
wherry_file_sender_open (WherryFileSender *self, guint index)
{
  g_autoptr (GError) error = NULL;

  self->fd = wherry_file_source_open (self->source, index, &error);
  if (self->fd >= 0)
    return TRUE;
  wherry_file_sender_abort (self, error);
  return FALSE;
}

gboolean
wherry_file_sender_work_claim (WherryFileSender *self)
{
  WherryFileClaim *claim = g_queue_peek_head (&self->claims);
  gssize n;

  if (self->fd < 0)
    {
      if (!wherry_file_sender_open (self, claim->index))
        return FALSE;
      self->hash = wherry_file_hash_new ();
      self->position = 0;
    }
  n = wherry_file_hash_read (self->hash, self->fd, MIN (SLICE, claim->size - self->position));
  if (n < 0 || (n == 0 && self->position < claim->size))
    {
      wherry_file_sender_unreadable (self, claim->index, n < 0 ? errno : 0);
      return FALSE;
    }
  self->position += (guint64) n;
  if (self->position == claim->size)
    answer_claim (self, claim);
  return TRUE;
}
