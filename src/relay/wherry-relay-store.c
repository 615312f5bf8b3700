/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-relay"

#include "config.h"

#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "relay/wherry-relay-hub-private.h"
#include "relay/wherry-relay-rules.h"
#include "relay/wherry-resume-record.h"

/* What the relay finds on disk when it starts. Its rooms live without members until those could
 * have come back; then they end like others, and what is on disk of them with them. */

typedef struct
{
  WherryRelayHub *relay;
  WherryRoomTopic *topic; /* which is being loaded */
  guint n_topics;
  guint n_messages;
} Load;

static WherryRelayRoom *
restore_room (WherryRelayHub *self, const char *name)
{
  WherryRelayRoom *room = g_hash_table_lookup (self->rooms, name);

  if (room == NULL)
    {
      room = wherry_relay_room_get (self, name);
      g_ptr_array_add (self->restored, room);
    }
  return room;
}

static gboolean
load_topic (const char *room_name, const char *label, guint64 next, gpointer data)
{
  Load *load = data;
  WherryRelayRoom *room = restore_room (load->relay, room_name);

  load->topic = wherry_room_topic_new (room, label);
  if (load->relay->config->resume_window_us > 0)
    wherry_room_topic_keep (load->topic, TRUE);
  if (!wherry_topic_is_durable (load->topic->topic))
    {
      /* by the configuration of today nothing of it is kept */
      g_hash_table_remove (room->topics, label);
      return FALSE;
    }
  load->n_topics++;
  return TRUE;
}

static void
load_message (WherryMessage *message, gpointer data)
{
  Load *load = data;

  wherry_topic_load_message (load->topic->topic, message);
  load->n_messages++;
}

static void
load_members (gpointer data)
{
  wherry_resume_restore_topic (((Load *) data)->topic);
}

static gboolean
load_resume (const WherryStoreResume *record, gpointer data)
{
  return wherry_resume_restore (((Load *) data)->relay, record);
}

static void
load_accepted (guint64 member, guint64 own, gpointer data)
{
  wherry_topic_load_accepted (((Load *) data)->topic->topic, member, own);
}

static void
load_direct (guint64 member, guint64 next, gpointer data)
{
  wherry_topic_load_direct (((Load *) data)->topic->topic, member, next);
}

void
wherry_relay_hub_forget_restored (WherryRelayHub *self)
{
  g_autoptr (GPtrArray) rooms = g_steal_pointer (&self->restored);

  wherry_clock_clear_source (&self->restored_end);
  for (guint i = 0; rooms != NULL && i < rooms->len; i++)
    wherry_relay_room_unref (g_ptr_array_index (rooms, i));
}

static gboolean
on_restored_end (gpointer data)
{
  wherry_relay_hub_forget_restored (data);
  return G_SOURCE_REMOVE;
}

gboolean
wherry_relay_hub_open_store_with (WherryRelayHub *self, const WherryStoreOptions *options,
                                  GError **error)
{
  static const WherryStoreVisitor visitor = {
    .resume = load_resume,
    .topic = load_topic,
    .message = load_message,
    .loaded = load_members,
    .accepted = load_accepted,
    .direct = load_direct,
  };
  const WherryRelayConfig *config = self->config;
  Load load = { .relay = self };

  self->store = wherry_store_open (config->history_dir, self->budget, options, error);
  if (self->store == NULL)
    return FALSE;
  self->restored = g_ptr_array_new ();
  /* who may not come back may still join anew */
  self->restored_end = wherry_clock_add (self->clock, self->context,
                                         MAX (config->resume_window_us, WHERRY_RESUME_WINDOW_US),
                                         on_restored_end, self);
  if (!wherry_store_load (self->store, &visitor, &load, error))
    return FALSE;
  wherry_message (NULL, "%s: %u topics with %u messages were kept", config->history_dir,
                  load.n_topics, load.n_messages);
  return TRUE;
}

gboolean
wherry_relay_hub_open_store (WherryRelayHub *self, GError **error)
{
  WherryStoreOptions options;

  WHERRY_ASSERT_OWNER (self);
  if (self->config->history_dir == NULL)
    return TRUE;
  wherry_store_options_init (&options);
  options.full_sync = self->config->history_sync_full;
  options.max_bytes = self->config->history_disk_bytes;
  options.clock = self->clock;
  /* publishers were told that reliable channels lose nothing: they wait until the disk can */
  options.stall_limit_us = -1;
  return wherry_relay_hub_open_store_with (self, &options, error);
}
