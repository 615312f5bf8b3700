/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include "cli/file/wherry-file-receiver-private.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gi18n.h>

#include "cli/file/wherry-file-limits.h"
#include "cli/wherry-terminal.h"

/* What is there already is compared, and then it begins: HAVE, WANT and PLAN. */

#define SLICE (1024 * 1024) /* hashed at a time */
#define LOOKS 64            /* files looked for at a time */

static void
say_have (WherryFileReceiver *self)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, self->next);
  WherryFileHeld *held = g_new0 (WherryFileHeld, 1);
  WherryFileRecord have = { .type = WHERRY_FILE_RECORD_HAVE };

  wherry_file_hash_peek (self->hash, held->digest);
  held->index = have.number = self->next;
  held->found = self->found;
  held->size = have.size = self->found_size;
  if (held->size < item->size)
    held->hash = g_steal_pointer (&self->hash);
  g_clear_pointer (&self->hash, wherry_file_hash_free);
  close (self->fd);
  self->fd = -1;
  g_ptr_array_add (self->held, held);
  g_hash_table_insert (self->held_of, GUINT_TO_POINTER (held->index), held);
  self->next++;
  wherry_file_receiver_send (self, &have);
}

/* Hashes on; what cannot be read is not there. */
static void
hash_on (WherryFileReceiver *self)
{
  gssize n = wherry_file_hash_read (self->hash, self->fd,
                                    MIN (SLICE, self->found_size - self->position));

  if (n < 0 || (n == 0 && self->position < self->found_size))
    {
      g_clear_pointer (&self->hash, wherry_file_hash_free);
      close (self->fd);
      self->fd = -1;
      self->next++;
      return;
    }
  self->position += (guint64) n;
  if (self->position == self->found_size)
    say_have (self);
}

/* A part of no bytes, or one part too many, is nothing that saves anything. */
static gboolean
is_worth_it (WherryFileReceiver *self, const WherryFileItem *item)
{
  if (self->found != WHERRY_FILE_FOUND_PART || self->found_size == item->size)
    return TRUE;
  return self->found_size > 0 && ++self->partial <= WHERRY_FILE_HAVE_PARTS_MAX;
}

/* Looks for one item; FALSE: it ended. */
static gboolean
look (WherryFileReceiver *self)
{
  const WherryFileItem *item = wherry_file_list_get (self->list, self->next);
  g_autoptr (GError) error = NULL;

  if (!wherry_file_sink_look (self->sink, item, &self->found, &self->fd, &self->found_size, &error))
    {
      wherry_file_receiver_abort (self, error);
      return FALSE;
    }
  if (self->found != WHERRY_FILE_FOUND_NOTHING && is_worth_it (self, item))
    {
      self->hash = wherry_file_hash_new ();
      self->position = 0;
      return TRUE;
    }
  if (self->fd >= 0)
    close (self->fd);
  self->fd = -1;
  self->next++;
  return TRUE;
}

/* ---- beginning ---- */

static gboolean
check_held (WherryFileReceiver *self)
{
  for (guint i = 0; i < self->held->len; i++)
    {
      const WherryFileHeld *held = g_ptr_array_index (self->held, i);
      const WherryFileItem *item = wherry_file_list_get (self->list, held->index);

      if (held->same)
        self->spared += held->size;
      else if (held->found == WHERRY_FILE_FOUND_FILE
               && !wherry_file_sink_get_overwrite (self->sink))
        {
          g_autofree char *safe = wherry_terminal_safe (item->path);
          g_autofree char *text
              = g_strdup_printf (_ ("“%s” is there already, and is another one"), safe);

          wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_IN_THE_WAY, text);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
check_space (WherryFileReceiver *self)
{
  const guint64 needed = self->total - self->spared;
  const guint64 space = wherry_file_sink_get_free (self->sink);
  g_autofree char *needed_text = g_format_size (needed);
  g_autofree char *space_text = g_format_size (space);
  g_autofree char *text = NULL;

  if (needed <= space)
    return TRUE;
  text = g_strdup_printf (_ ("%s are to come, and there is space for %s"), needed_text, space_text);
  wherry_file_receiver_refuse (self, WHERRY_FILE_ERROR_NO_SPACE, text);
  return FALSE;
}

/* Folders, and parts of which nothing is missing but the name. */
static gboolean
make_what_is_known (WherryFileReceiver *self, GError **error)
{
  const WherryFileItem *item;

  for (guint i = 0; (item = wherry_file_list_get (self->list, i)) != NULL; i++)
    if (item->is_folder && !wherry_file_sink_make_folder (self->sink, item, error))
      return FALSE;
  for (guint i = 0; i < self->held->len; i++)
    {
      const WherryFileHeld *held = g_ptr_array_index (self->held, i);

      item = wherry_file_list_get (self->list, held->index);
      if (held->found != WHERRY_FILE_FOUND_PART || !held->same || held->size < item->size)
        continue;
      if (!wherry_file_sink_begin (self->sink, item, held->size, error)
          || !wherry_file_sink_end (self->sink, error))
        return FALSE;
      self->hooks.verified (item->path, item->size, self->user_data);
    }
  return TRUE;
}

/* A bit for each HAVE, in their order: the same so far. */
static void
say_want (WherryFileReceiver *self)
{
  g_autofree guint8 *bits = g_malloc0 (self->held->len / 8 + 1);
  const WherryFileRecord want
      = { .type = WHERRY_FILE_RECORD_WANT, .bytes = bits, .length = (self->held->len + 7) / 8 };

  for (guint i = 0; i < self->held->len; i++)
    if (((const WherryFileHeld *) g_ptr_array_index (self->held, i))->same)
      bits[i / 8] |= (guint8) (1 << i % 8);
  wherry_file_receiver_send (self, &want);
}

static void
begin (WherryFileReceiver *self)
{
  g_autoptr (GError) error = NULL;

  if (!check_held (self) || !check_space (self))
    return;
  say_want (self);
  self->state = WHERRY_FILE_RECEIVER_RECEIVING;
  self->next = 0;
  self->hooks.begun (self->entries, self->total, self->user_data);
  if (!make_what_is_known (self, &error))
    wherry_file_receiver_abort (self, error);
}

static void
begin_when_planned (WherryFileReceiver *self)
{
  if (self->state == WHERRY_FILE_RECEIVER_PLANNING && self->next_plan == self->held->len)
    begin (self);
}

void
wherry_file_receiver_take_plan (WherryFileReceiver *self, const WherryFileRecord *record)
{
  WherryFileHeld *held
      = self->next_plan < self->held->len ? g_ptr_array_index (self->held, self->next_plan) : NULL;

  if (held == NULL || held->index != record->number)
    {
      wherry_file_receiver_refuse (
          self, WHERRY_FILE_ERROR_PROTOCOL,
          _ ("the sender does not speak the protocol: it answers what was not asked"));
      return;
    }
  self->next_plan++;
  held->same = memcmp (record->hash, held->digest, sizeof held->digest) == 0;
  if (!held->same)
    g_clear_pointer (&held->hash, wherry_file_hash_free);
  begin_when_planned (self);
}

gboolean
wherry_file_receiver_work (WherryFileReceiver *self)
{
  if (self->state != WHERRY_FILE_RECEIVER_LOOKING)
    return FALSE;
  for (guint i = 0; i < LOOKS && self->next < self->entries; i++)
    {
      if (self->held->len - self->next_plan >= WHERRY_FILE_HAVE_MAX)
        return FALSE;
      if (self->fd >= 0)
        {
          hash_on (self);
          return TRUE;
        }
      if (!look (self))
        return FALSE;
    }
  if (self->next < self->entries)
    return TRUE;
  self->state = WHERRY_FILE_RECEIVER_PLANNING;
  begin_when_planned (self);
  return FALSE;
}
