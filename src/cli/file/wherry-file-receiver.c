/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-receiver-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

static void
held_free (gpointer data)
{
  WherryFileHeld *held = data;

  g_clear_pointer (&held->hash, wherry_file_hash_free);
  g_free (held);
}

WherryFileReceiver *
wherry_file_receiver_new (WherryFileSink *sink, guint64 max_bytes,
                          const WherryFileReceiverHooks *hooks, gpointer user_data)
{
  WherryFileReceiver *self = g_new0 (WherryFileReceiver, 1);

  self->sink = sink;
  self->max_bytes = max_bytes;
  self->hooks = *hooks;
  self->user_data = user_data;
  self->fd = -1;
  self->list = wherry_file_list_new ();
  self->held = g_ptr_array_new_with_free_func (held_free);
  self->held_of = g_hash_table_new (g_direct_hash, g_direct_equal);
  return self;
}

static void
forget (WherryFileReceiver *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  g_clear_pointer (&self->hash, wherry_file_hash_free);
  g_hash_table_remove_all (self->held_of);
  g_ptr_array_set_size (self->held, 0);
  wherry_file_list_free (self->list);
  self->list = wherry_file_list_new ();
  self->in_file = FALSE;
}

void
wherry_file_receiver_stop (WherryFileReceiver *self)
{
  g_autoptr (GError) error = NULL;

  if (self->state == WHERRY_FILE_RECEIVER_ENDED)
    return;
  if (!wherry_file_sink_flush (self->sink, &error))
    g_info ("%s", error->message);
  forget (self);
  self->state = WHERRY_FILE_RECEIVER_STOPPED;
}

void
wherry_file_receiver_free (WherryFileReceiver *self)
{
  wherry_file_receiver_stop (self);
  forget (self);
  wherry_file_list_free (self->list);
  g_ptr_array_unref (self->held);
  g_hash_table_unref (self->held_of);
  g_free (self);
}

void
wherry_file_receiver_start (WherryFileReceiver *self)
{
  if (self->state == WHERRY_FILE_RECEIVER_ENDED)
    return;
  wherry_file_receiver_stop (self);
  self->state = WHERRY_FILE_RECEIVER_WAITING;
  self->next = self->next_plan = self->partial = 0;
  self->cost = self->acked = self->payload = self->spared = 0;
}

void
wherry_file_receiver_send (WherryFileReceiver *self, const WherryFileRecord *record)
{
  g_autoptr (GBytes) bytes = wherry_file_record_write (record);

  self->hooks.send (bytes, self->user_data);
}

static void
end (WherryFileReceiver *self, const GError *error, gboolean remote)
{
  if (self->state == WHERRY_FILE_RECEIVER_ENDED)
    return;
  wherry_file_receiver_stop (self);
  self->state = WHERRY_FILE_RECEIVER_ENDED;
  self->hooks.ended (error, remote, self->user_data);
}

/* What the other side did wrong leaves nothing; what was only interrupted goes on next time. */
static gboolean
is_their_fault (const GError *error)
{
  return g_error_matches (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_REFUSED)
         || g_error_matches (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_UNVERIFIED)
         || g_error_matches (error, WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL);
}

void
wherry_file_receiver_abort (WherryFileReceiver *self, const GError *error)
{
  const gboolean ours = error->domain == WHERRY_FILE_ERROR;
  const WherryFileRecord record = {
    .type = WHERRY_FILE_RECORD_ABORT,
    .flag = ours ? (guint8) error->code : WHERRY_FILE_ERROR_FAILED,
    .bytes = (const guint8 *) error->message,
    .length = MIN (strlen (error->message), WHERRY_FILE_TEXT_MAX),
  };

  if (self->state == WHERRY_FILE_RECEIVER_ENDED)
    return;
  if (self->state != WHERRY_FILE_RECEIVER_STOPPED)
    wherry_file_receiver_send (self, &record);
  if (is_their_fault (error))
    wherry_file_sink_undo (self->sink);
  end (self, error, FALSE);
}

void
wherry_file_receiver_refuse (WherryFileReceiver *self, WherryFileError code, const char *what)
{
  g_autoptr (GError) error = g_error_new_literal (WHERRY_FILE_ERROR, (int) code, what);

  wherry_file_receiver_abort (self, error);
}

static void
out_of_turn (WherryFileReceiver *self)
{
  wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_PROTOCOL,
                               _ ("the sender does not speak the protocol: a record out of turn"));
}

static void
count (WherryFileReceiver *self, guint64 cost)
{
  self->cost += cost;
  if (self->cost - self->acked >= WHERRY_FILE_ACK_EVERY)
    {
      const WherryFileRecord ack = { .type = WHERRY_FILE_RECORD_ACK, .size = self->cost };

      self->acked = self->cost;
      wherry_file_receiver_send (self, &ack);
    }
}

/* ---- the list ---- */

static void
take_offer (WherryFileReceiver *self, const WherryFileRecord *record)
{
  if (record->number == 0 || record->number > WHERRY_FILE_ENTRIES_MAX)
    wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_REFUSED,
                                 _ ("too many files are offered, or none"));
  else if (record->size > WHERRY_FILE_SIZE_MAX || record->size > self->max_bytes)
    wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_REFUSED,
                                 _ ("what is offered is larger than what may be received"));
  else
    {
      self->entries = record->number;
      self->total = record->size;
      self->state = WHERRY_FILE_RECEIVER_LISTING;
    }
}

static void
end_list (WherryFileReceiver *self)
{
  g_autoptr (GError) error = NULL;

  if (wherry_file_list_get_total (self->list) != self->total)
    wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_REFUSED,
                                 _ ("the sizes of the files are not what was announced"));
  else if (!wherry_file_list_check (self->list, &error))
    wherry_file_receiver_abort (self, error);
  else
    self->state = WHERRY_FILE_RECEIVER_LOOKING;
}

static void
take_entries (WherryFileReceiver *self, const WherryFileRecord *record)
{
  g_autoptr (GError) error = NULL;
  gsize used = 0;

  for (gsize at = 0; at < record->length; at += used)
    {
      WherryFileEntry entry;

      if (wherry_file_list_get_length (self->list) >= self->entries)
        {
          wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_REFUSED,
                                       _ ("more files are listed than were announced"));
          return;
        }
      if (!wherry_file_entry_parse (&entry, record->bytes + at, record->length - at, &used, &error)
          || !wherry_file_list_add (self->list, &entry, &error))
        {
          wherry_file_receiver_abort (self, error);
          return;
        }
    }
  count (self, record->length);
  if (wherry_file_list_get_length (self->list) == self->entries)
    end_list (self);
}

/* ---- the files ---- */

/* (nullable): the next file that the sender has to send, at self->next. */
static const WherryFileItem *
find_next (WherryFileReceiver *self)
{
  const WherryFileItem *item;

  for (; (item = wherry_file_list_get (self->list, self->next)) != NULL; self->next++)
    {
      const WherryFileHeld *held
          = g_hash_table_lookup (self->held_of, GUINT_TO_POINTER (self->next));

      if (!item->is_folder && !(held != NULL && held->same && held->size == item->size))
        break;
    }
  return item;
}

static void
take_file (WherryFileReceiver *self, const WherryFileRecord *record)
{
  const WherryFileItem *item = find_next (self);
  WherryFileHeld *held = g_hash_table_lookup (self->held_of, GUINT_TO_POINTER (self->next));
  const guint64 offset = held != NULL && held->same ? held->size : 0;
  g_autoptr (GError) error = NULL;

  if (self->in_file || item == NULL || record->number != self->next || record->size != offset)
    {
      out_of_turn (self);
      return;
    }
  if (!wherry_file_sink_begin (self->sink, item, offset, &error))
    {
      wherry_file_receiver_abort (self, error);
      return;
    }
  self->in_file = TRUE;
  self->position = offset;
  self->hash = offset > 0 ? g_steal_pointer (&held->hash) : wherry_file_hash_new ();
}

static void
take_data (WherryFileReceiver *self, const WherryFileRecord *record)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, self->next);
  g_autoptr (GError) error = NULL;

  if (!self->in_file || record->length > item->size - self->position)
    {
      wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_PROTOCOL,
                                   _ ("the sender sends more of a file than it announced"));
      return;
    }
  if (!wherry_file_sink_write (self->sink, record->bytes, record->length, &error))
    {
      wherry_file_receiver_abort (self, error);
      return;
    }
  wherry_file_hash_update (self->hash, record->bytes, record->length);
  self->position += record->length;
  self->payload += record->length;
  self->received += record->length;
  count (self, record->length);
}

static void
refuse_hash (WherryFileReceiver *self, const WherryFileItem *item)
{
  g_autofree char *safe = wherry_terminal_safe (item->path);
  g_autofree char *text
      = g_strdup_printf (_ ("“%s” is not what was sent: its SHA-256 is another one"), safe);

  wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_UNVERIFIED, text);
}

static void
take_end (WherryFileReceiver *self, const WherryFileRecord *record)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, self->next);
  guint8 digest[WHERRY_FILE_HASH_SIZE];
  g_autoptr (GError) error = NULL;

  if (!self->in_file || self->position != item->size)
    {
      wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_PROTOCOL,
                                   _ ("the sender sends less of a file than it announced"));
      return;
    }
  wherry_file_hash_peek (self->hash, digest);
  if (memcmp (digest, record->hash, sizeof digest) != 0)
    {
      refuse_hash (self, item);
      return;
    }
  self->in_file = FALSE;
  self->next++;
  g_clear_pointer (&self->hash, wherry_file_hash_free);
  if (!wherry_file_sink_end (self->sink, &error))
    {
      wherry_file_receiver_abort (self, error);
      return;
    }
  self->hooks.verified (item->path, item->size, self->user_data);
  count (self, WHERRY_FILE_END_COST);
}

static void
take_done (WherryFileReceiver *self)
{
  const WherryFileRecord saved = { .type = WHERRY_FILE_RECORD_SAVED };
  g_autoptr (GError) error = NULL;

  if (self->in_file || find_next (self) != NULL)
    {
      wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_PROTOCOL,
                                   _ ("the sender ends before everything was sent"));
      return;
    }
  if (!wherry_file_sink_flush (self->sink, &error))
    {
      wherry_file_receiver_abort (self, error);
      return;
    }
  wherry_file_receiver_send (self, &saved);
  end (self, NULL, FALSE);
}

/* ---- records ---- */

static void
take_abort (WherryFileReceiver *self, const WherryFileRecord *record)
{
  const guint code = record->flag <= WHERRY_FILE_ERROR_LAST ? record->flag : 0;
  g_autofree char *text = g_strndup ((const char *) record->bytes, record->length);
  g_autofree char *safe = wherry_terminal_safe (text);
  g_autoptr (GError) error
      = g_error_new (WHERRY_FILE_ERROR, (int) code, _ ("the sender ended it: %s"), safe);

  end (self, error, TRUE);
}

static void
take_in_receiving (WherryFileReceiver *self, const WherryFileRecord *record)
{
  if (record->type == WHERRY_FILE_RECORD_FILE)
    take_file (self, record);
  else if (record->type == WHERRY_FILE_RECORD_DATA)
    take_data (self, record);
  else if (record->type == WHERRY_FILE_RECORD_END)
    take_end (self, record);
  else if (record->type == WHERRY_FILE_RECORD_DONE)
    take_done (self);
  else
    out_of_turn (self);
}

void
wherry_file_receiver_take (WherryFileReceiver *self, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GError) error = NULL;
  WherryFileRecord record;

  if (self->state == WHERRY_FILE_RECEIVER_STOPPED || self->state == WHERRY_FILE_RECEIVER_ENDED)
    return;
  if (!wherry_file_record_parse (&record, data, length, &error))
    wherry_file_receiver_abort (self, error);
  else if (record.type == WHERRY_FILE_RECORD_ABORT)
    take_abort (self, &record);
  else if (self->state == WHERRY_FILE_RECEIVER_WAITING && record.type == WHERRY_FILE_RECORD_OFFER)
    take_offer (self, &record);
  else if (self->state == WHERRY_FILE_RECEIVER_LISTING && record.type == WHERRY_FILE_RECORD_ENTRIES)
    take_entries (self, &record);
  else if ((self->state == WHERRY_FILE_RECEIVER_LOOKING
            || self->state == WHERRY_FILE_RECEIVER_PLANNING)
           && record.type == WHERRY_FILE_RECORD_PLAN)
    wherry_file_receiver_take_plan (self, &record);
  else if (self->state == WHERRY_FILE_RECEIVER_RECEIVING)
    take_in_receiving (self, &record);
  else
    out_of_turn (self);
}

guint64
wherry_file_receiver_get_done (WherryFileReceiver *self)
{
  return self->spared + self->payload;
}

guint64
wherry_file_receiver_get_spared (WherryFileReceiver *self)
{
  return self->spared;
}

guint64
wherry_file_receiver_get_total (WherryFileReceiver *self)
{
  return self->total;
}

guint
wherry_file_receiver_get_entries (WherryFileReceiver *self)
{
  return self->entries;
}

guint64
wherry_file_receiver_get_received (WherryFileReceiver *self)
{
  return self->received;
}

const char *
wherry_file_receiver_get_path (WherryFileReceiver *self)
{
  return self->in_file ? wherry_file_list_get (self->list, self->next)->path : NULL;
}
