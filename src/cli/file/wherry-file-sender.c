/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-sender-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-error.h"
#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

/* Sent at a time, in bytes and in files: small ones go together. */
#define PIECE (512 * 1024)
#define FILES 500

void
wherry_file_claim_free (gpointer data)
{
  g_free (data);
}

static void
resume_free (gpointer data)
{
  WherryFileResume *resume = data;

  g_clear_pointer (&resume->hash, wherry_file_hash_free);
  g_free (resume);
}

WherryFileSender *
wherry_file_sender_new (WherryFileSource *source, const WherryFileSenderHooks *hooks,
                        gpointer user_data)
{
  WherryFileSender *self = g_new0 (WherryFileSender, 1);

  self->source = source;
  self->list = wherry_file_source_get_list (source);
  self->hooks = *hooks;
  self->user_data = user_data;
  self->fd = -1;
  self->answered = g_ptr_array_new_with_free_func (resume_free);
  self->resumes = g_hash_table_new (g_direct_hash, g_direct_equal);
  g_queue_init (&self->claims);
  return self;
}

void
wherry_file_sender_drop (WherryFileSender *self)
{
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->in_file = FALSE;
  g_clear_pointer (&self->hash, wherry_file_hash_free);
}

void
wherry_file_sender_stop (WherryFileSender *self)
{
  wherry_file_sender_drop (self);
  g_queue_clear_full (&self->claims, wherry_file_claim_free);
  g_hash_table_remove_all (self->resumes);
  g_ptr_array_set_size (self->answered, 0);
  if (self->state != WHERRY_FILE_SENDER_ENDED)
    self->state = WHERRY_FILE_SENDER_STOPPED;
}

void
wherry_file_sender_free (WherryFileSender *self)
{
  wherry_file_sender_stop (self);
  g_hash_table_unref (self->resumes);
  g_ptr_array_unref (self->answered);
  g_free (self);
}

void
wherry_file_sender_start (WherryFileSender *self)
{
  if (self->state == WHERRY_FILE_SENDER_ENDED)
    return;
  wherry_file_sender_stop (self);
  self->state = WHERRY_FILE_SENDER_LISTING;
  self->offered = self->wanted = FALSE;
  self->next = self->partial = 0;
  self->last_have = -1;
  self->cost = self->acked = self->payload = self->spared = 0;
}

void
wherry_file_sender_send (WherryFileSender *self, const WherryFileRecord *record)
{
  g_autoptr (GBytes) bytes = wherry_file_record_write (record);

  self->hooks.send (bytes, self->user_data);
}

static void
end (WherryFileSender *self, const GError *error, gboolean remote)
{
  if (self->state == WHERRY_FILE_SENDER_ENDED)
    return;
  wherry_file_sender_stop (self);
  self->state = WHERRY_FILE_SENDER_ENDED;
  self->hooks.ended (error, remote, self->user_data);
}

void
wherry_file_sender_abort (WherryFileSender *self, const GError *error)
{
  const gboolean ours = error->domain == WHERRY_FILE_ERROR;
  const WherryFileRecord record = {
    .type = WHERRY_FILE_RECORD_ABORT,
    .flag = ours ? (guint8) error->code : WHERRY_FILE_ERROR_FAILED,
    .bytes = (const guint8 *) error->message,
    .length = MIN (strlen (error->message), WHERRY_FILE_TEXT_MAX),
  };

  if (self->state != WHERRY_FILE_SENDER_STOPPED && self->state != WHERRY_FILE_SENDER_ENDED)
    wherry_file_sender_send (self, &record);
  end (self, error, FALSE);
}

void
wherry_file_sender_refuse (WherryFileSender *self, const char *what)
{
  g_autoptr (GError) error = g_error_new (WHERRY_FILE_ERROR, WHERRY_FILE_ERROR_PROTOCOL,
                                          _ ("the receiver does not speak the protocol: %s"), what);

  wherry_file_sender_abort (self, error);
}

/* ---- the list ---- */

static void
send_entries (WherryFileSender *self)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  WherryFileRecord record = { .type = WHERRY_FILE_RECORD_ENTRIES };
  const WherryFileItem *item;

  while ((item = wherry_file_list_get (self->list, self->next)) != NULL)
    {
      const WherryFileEntry entry = {
        .is_folder = item->is_folder,
        .executable = item->executable,
        .modified_ms = item->modified_ms,
        .size = item->size,
        .path = item->path,
        .path_length = strlen (item->path),
      };

      if (bytes->len + wherry_file_entry_measure (&entry) > WHERRY_FILE_DATA_MAX)
        break;
      wherry_file_entry_append (&entry, bytes);
      self->next++;
    }
  record.bytes = bytes->data;
  record.length = bytes->len;
  self->cost += bytes->len;
  wherry_file_sender_send (self, &record);
}

static gboolean
has_room (const WherryFileSender *self)
{
  return self->cost - self->acked + WHERRY_FILE_DATA_MAX <= WHERRY_FILE_WINDOW;
}

static gboolean
work_listing (WherryFileSender *self)
{
  const guint length = wherry_file_list_get_length (self->list);

  if (!self->offered)
    {
      const WherryFileRecord offer = { .type = WHERRY_FILE_RECORD_OFFER,
                                       .number = length,
                                       .size = wherry_file_list_get_total (self->list) };

      self->offered = TRUE;
      wherry_file_sender_send (self, &offer);
    }
  if (!has_room (self))
    return FALSE;
  if (self->next < length)
    send_entries (self);
  if (self->next < length)
    return TRUE;
  self->state = WHERRY_FILE_SENDER_PLANNING;
  return FALSE;
}

/* ---- the files ---- */

/* Begins with the next file that is to be sent; FALSE: there is none, or it ended. */
static gboolean
begin_file (WherryFileSender *self)
{
  const WherryFileItem *item;
  const WherryFileResume *resume = NULL;
  WherryFileRecord record = { .type = WHERRY_FILE_RECORD_FILE };

  for (; (item = wherry_file_list_get (self->list, self->next)) != NULL; self->next++)
    {
      resume = g_hash_table_lookup (self->resumes, GUINT_TO_POINTER (self->next));
      if (!item->is_folder && (resume == NULL || resume->hash != NULL))
        break;
    }
  if (item == NULL)
    {
      record.type = WHERRY_FILE_RECORD_DONE;
      self->state = WHERRY_FILE_SENDER_WAITING;
      wherry_file_sender_send (self, &record);
      return FALSE;
    }
  if (!wherry_file_sender_open (self, self->next))
    return FALSE;
  self->position = resume != NULL ? resume->offset : 0;
  self->hash = resume != NULL ? g_steal_pointer (&((WherryFileResume *) resume)->hash)
                              : wherry_file_hash_new ();
  if (lseek (self->fd, (off_t) self->position, SEEK_SET) < 0)
    {
      wherry_file_sender_unreadable (self, self->next, errno);
      return FALSE;
    }
  self->in_file = TRUE;
  record.number = self->next;
  record.size = self->position;
  wherry_file_sender_send (self, &record);
  return TRUE;
}

static gboolean
end_file (WherryFileSender *self)
{
  guint8 digest[WHERRY_FILE_HASH_SIZE];
  const WherryFileRecord record = { .type = WHERRY_FILE_RECORD_END, .hash = digest };

  if (!wherry_file_source_is_unchanged (self->source, self->next, self->fd))
    {
      wherry_file_sender_unreadable (self, self->next, 0);
      return FALSE;
    }
  wherry_file_hash_peek (self->hash, digest);
  wherry_file_sender_drop (self);
  self->next++;
  self->cost += WHERRY_FILE_END_COST;
  wherry_file_sender_send (self, &record);
  return TRUE;
}

static gboolean
send_data (WherryFileSender *self, guint64 size)
{
  g_autofree guint8 *data = g_malloc (WHERRY_FILE_DATA_MAX);
  WherryFileRecord record = { .type = WHERRY_FILE_RECORD_DATA, .bytes = data };
  gssize n;

  do
    n = read (self->fd, data, MIN (WHERRY_FILE_DATA_MAX, size - self->position));
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    {
      wherry_file_sender_unreadable (self, self->next, n < 0 ? errno : 0);
      return FALSE;
    }
  wherry_file_hash_update (self->hash, data, (gsize) n);
  self->position += (guint64) n;
  self->cost += (guint64) n;
  self->payload += (guint64) n;
  self->sent += (guint64) n;
  record.length = (gsize) n;
  wherry_file_sender_send (self, &record);
  return TRUE;
}

static gboolean
work_sending (WherryFileSender *self)
{
  const guint64 begun = self->cost;

  for (guint i = 0; i < FILES && self->cost - begun < PIECE; i++)
    {
      const WherryFileItem *item;

      if (!has_room (self))
        return FALSE;
      if (!self->in_file && !begin_file (self))
        return FALSE;
      item = wherry_file_list_get (self->list, self->next);
      if (self->position < item->size && !send_data (self, item->size))
        return FALSE;
      if (self->position == item->size && !end_file (self))
        return FALSE;
    }
  return TRUE;
}

gboolean
wherry_file_sender_work (WherryFileSender *self)
{
  if (self->state == WHERRY_FILE_SENDER_LISTING)
    return work_listing (self);
  if (self->state == WHERRY_FILE_SENDER_PLANNING && self->claims.length > 0)
    return wherry_file_sender_work_claim (self);
  if (self->state == WHERRY_FILE_SENDER_PLANNING && self->wanted)
    {
      self->state = WHERRY_FILE_SENDER_SENDING;
      self->next = 0;
    }
  return self->state == WHERRY_FILE_SENDER_SENDING && work_sending (self);
}

/* ---- records ---- */

static void
take_abort (WherryFileSender *self, const WherryFileRecord *record)
{
  const guint code = record->flag <= WHERRY_FILE_ERROR_LAST ? record->flag : 0;
  g_autofree char *text = g_strndup ((const char *) record->bytes, record->length);
  g_autofree char *safe = wherry_terminal_safe (text);
  g_autoptr (GError) error
      = g_error_new (WHERRY_FILE_ERROR, (int) code, _ ("the receiver ended it: %s"), safe);

  end (self, error, TRUE);
}

static void
take_ack (WherryFileSender *self, guint64 size)
{
  if (size < self->acked || size > self->cost)
    wherry_file_sender_refuse (self, "it counts what was not sent");
  else
    self->acked = size;
}

void
wherry_file_sender_take (WherryFileSender *self, GBytes *bytes)
{
  gsize length;
  const guint8 *data = g_bytes_get_data (bytes, &length);
  g_autoptr (GError) error = NULL;
  WherryFileRecord record;

  if (self->state == WHERRY_FILE_SENDER_STOPPED || self->state == WHERRY_FILE_SENDER_ENDED)
    return;
  if (!wherry_file_record_parse (&record, data, length, &error))
    wherry_file_sender_abort (self, error);
  else if (record.type == WHERRY_FILE_RECORD_ABORT)
    take_abort (self, &record);
  else if (record.type == WHERRY_FILE_RECORD_HAVE)
    wherry_file_sender_take_have (self, &record);
  else if (record.type == WHERRY_FILE_RECORD_ACK)
    take_ack (self, record.size);
  else if (record.type == WHERRY_FILE_RECORD_WANT)
    wherry_file_sender_take_want (self, &record);
  else if (record.type == WHERRY_FILE_RECORD_SAVED && self->state == WHERRY_FILE_SENDER_WAITING)
    end (self, NULL, FALSE);
  else
    wherry_file_sender_refuse (self, "a record out of turn");
}

guint64
wherry_file_sender_get_done (WherryFileSender *self)
{
  return self->spared + self->payload;
}

guint64
wherry_file_sender_get_spared (WherryFileSender *self)
{
  return self->spared;
}

guint64
wherry_file_sender_get_sent (WherryFileSender *self)
{
  return self->sent;
}

const char *
wherry_file_sender_get_path (WherryFileSender *self)
{
  return self->in_file ? wherry_file_list_get (self->list, self->next)->path : NULL;
}
