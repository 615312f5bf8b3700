/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-sender-private.h"

#include <errno.h>
#include <string.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
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
  g_queue_push_tail (&self->claims, claim);
}

/* The receiver compares; what it has is nobody else's business. */
static void
answer_claim (WherryFileSender *self, WherryFileClaim *claim)
{
  guint8 digest[WHERRY_FILE_HASH_SIZE];
  const WherryFileRecord plan
      = { .type = WHERRY_FILE_RECORD_PLAN, .number = claim->index, .hash = digest };
  const WherryFileItem *item = wherry_file_list_get (self->list, claim->index);
  WherryFileResume *resume = g_new0 (WherryFileResume, 1);

  wherry_file_hash_peek (self->hash, digest);
  resume->index = claim->index;
  resume->offset = claim->size;
  if (claim->size < item->size)
    resume->hash = g_steal_pointer (&self->hash);
  g_ptr_array_add (self->answered, resume);
  wherry_file_sender_drop (self);
  wherry_file_claim_free (g_queue_pop_head (&self->claims));
  wherry_file_sender_send (self, &plan);
}

static gboolean
get_bit (const WherryFileRecord *want, guint i)
{
  return (want->bytes[i / 8] >> (i % 8) & 1) != 0;
}

void
wherry_file_sender_take_want (WherryFileSender *self, const WherryFileRecord *record)
{
  const guint n = self->answered->len;

  if (self->state != WHERRY_FILE_SENDER_PLANNING || self->wanted || self->claims.length > 0
      || record->length != (n + 7) / 8 || (n % 8 != 0 && record->bytes[n / 8] >> (n % 8) != 0))
    {
      wherry_file_sender_refuse (self, "it wants what was not planned");
      return;
    }
  self->wanted = TRUE;
  for (guint i = 0; i < n; i++)
    {
      WherryFileResume *resume = g_ptr_array_index (self->answered, i);

      if (!get_bit (record, i))
        continue;
      self->spared += resume->offset;
      g_hash_table_insert (self->resumes, GUINT_TO_POINTER (resume->index), resume);
    }
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
