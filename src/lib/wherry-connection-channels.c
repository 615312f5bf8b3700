/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "base/wherry-error.h"
#include "base/wherry-limits.h"
#include "base/wherry-log.h"
#include "lib/wherry-connection-private.h"

/* ---- the list ---- */

static void
list_add (WherryConnection *self, WherryDataChannel *channel)
{
  WherryChannelCore *core = wherry_data_channel_get_core (channel);

  core->number = ++self->n_channels;
  if (core->id >= 0)
    g_hash_table_insert (self->by_id, GINT_TO_POINTER (core->id), core);
  g_list_store_append (self->channels, channel);
}

static void
list_remove (WherryConnection *self, WherryDataChannel *channel)
{
  guint position = 0;

  if (g_list_store_find (self->channels, channel, &position))
    g_list_store_remove (self->channels, position);
}

/* ---- ids ---- */

/* Here rather than on the peer thread, so that a channel has its id when it is made (webrtc-pc
 * section 6.1.1.1, step 16). An id is free here no sooner than there. */
static int
find_id (WherryConnection *self)
{
  guint n = wherry_peer_get_n_streams (self->peer);

  /* RFC 8832 section 6: even for the DTLS client, odd for the server */
  for (guint id = self->is_client ? 0 : 1; id < (n != 0 ? n : WHERRY_SCTP_STREAMS_INCOMING);
       id += 2)
    if (!g_hash_table_contains (self->by_id, GUINT_TO_POINTER (id)))
      return (int) id;
  return -1;
}

static void
free_id (WherryConnection *self, WherryChannelCore *core)
{
  if (core->id >= 0 && g_hash_table_lookup (self->by_id, GINT_TO_POINTER (core->id)) == core)
    g_hash_table_remove (self->by_id, GINT_TO_POINTER (core->id));
}

/* webrtc-pc section 5.6.1.1, step 4.5: one for which there is none left is closed. */
static void
give_id (WherryConnection *self, WherryChannelCore *core)
{
  int id = find_id (self);

  if (id < 0)
    {
      wherry_connection_post_id (self, core, -1);
      return;
    }
  g_hash_table_insert (self->by_id, GINT_TO_POINTER (id), core);
  wherry_connection_post_id (self, core, id);
  wherry_channel_core_set_id (core, id);
}

void
wherry_connection_give_ids (WherryConnection *self, const WherryPeerStep *step)
{
  g_autoptr (GPtrArray) waiting = NULL;
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->channels));

  if (self->has_role || !step->has_role)
    return;
  self->has_role = TRUE;
  self->is_client = step->is_client;
  waiting = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (waiting, g_list_model_get_item (G_LIST_MODEL (self->channels), i));
  /* a handler of notify::id may close everything */
  for (guint i = 0; i < waiting->len && !self->closed; i++)
    {
      WherryChannelCore *core = wherry_data_channel_get_core (g_ptr_array_index (waiting, i));

      if (core->id < 0 && core->state == WHERRY_DATA_CHANNEL_STATE_CONNECTING)
        give_id (self, core);
    }
}

/* ---- making ---- */

static gboolean
refuse (GError **error, const char *why)
{
  g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_INVALID_ARGUMENT, "Making a channel: %s", why);
  return FALSE;
}

static gboolean
check_init (WherryConnection *self, const char *label, const WherryDataChannelInit *init,
            GError **error)
{
  if (strlen (label) > WHERRY_CHANNEL_NAME_MAX || !g_utf8_validate (label, -1, NULL))
    return refuse (error, "its label is longer than 65535 bytes or no UTF-8");
  if (init == NULL)
    return TRUE;
  if (init->protocol != NULL
      && (strlen (init->protocol) > WHERRY_CHANNEL_NAME_MAX
          || !g_utf8_validate (init->protocol, -1, NULL)))
    return refuse (error, "its protocol is longer than 65535 bytes or no UTF-8");
  if (init->max_packet_life_time >= 0 && init->max_retransmits >= 0)
    return refuse (error, "a lifetime and a number of retransmissions exclude each other");
  if (init->max_packet_life_time > G_MAXUINT16 || init->max_retransmits > G_MAXUINT16)
    return refuse (error, "its limit is above 65535");
  /* also where it is not looked at: webrtc-pc section 6.1, [EnforceRange] */
  if (init->id < -1 || init->id > G_MAXUINT16)
    return refuse (error, "its id is above 65535");
  if (!init->negotiated)
    return TRUE;
  if (init->id < 0 || init->id >= (int) WHERRY_SCTP_STREAMS_MAX)
    return refuse (error, "a negotiated one needs an id from 0 to 65534");
  if (g_hash_table_contains (self->by_id, GINT_TO_POINTER (init->id)))
    return refuse (error, "its id is taken");
  return TRUE;
}

WherryDataChannel *
wherry_connection_create_channel (WherryConnection *self, const char *label,
                                  const WherryDataChannelInit *init, GError **error)
{
  g_autoptr (WherryChannelCore) core = NULL;
  WherryDataChannel *channel = NULL;
  int id = -1;

  if (self->closed || self->finished)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_CLOSED,
                   "Making a channel: the connection is closed");
      return NULL;
    }
  if (!check_init (self, label, init, error))
    return NULL;
  if (g_list_model_get_n_items (G_LIST_MODEL (self->channels)) >= WHERRY_CHANNELS_PER_CONNECTION)
    {
      g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT, "Making a channel: there are %u",
                   WHERRY_CHANNELS_PER_CONNECTION);
      return NULL;
    }
  if (self->has_role && (init == NULL || !init->negotiated))
    {
      id = find_id (self);
      if (id < 0)
        {
          g_set_error (error, WHERRY_ERROR, WHERRY_ERROR_LIMIT,
                       "Making a channel: no stream is left");
          return NULL;
        }
    }
  core = wherry_channel_core_new (self, label, init);
  if (id >= 0)
    core->id = core->made_id = id;
  channel = wherry_data_channel_new (core);
  wherry_connection_post_make_channel (self, core);
  self->made_channel = TRUE;
  list_add (self, channel);
  wherry_connection_update_negotiation_needed (self);
  return channel;
}

void
wherry_connection_close_channels (WherryConnection *self)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->channels));

  if (self->held_source != NULL)
    g_source_destroy (self->held_source);
  g_clear_pointer (&self->held_source, g_source_unref);
  g_ptr_array_set_size (self->holding, 0);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryDataChannel) channel
          = g_list_model_get_item (G_LIST_MODEL (self->channels), i);

      wherry_channel_core_abandon (wherry_data_channel_get_core (channel));
    }
  g_hash_table_remove_all (self->by_id);
  g_list_store_remove_all (self->channels);
}

/* ---- what comes from the peer thread ---- */

/* webrtc-pc section 6.1.1.2: it is open when it is told of, and says so afterwards. */
static void
announce (WherryConnection *self, WherryChannelCore *core, int id)
{
  g_autoptr (WherryDataChannel) channel = wherry_data_channel_new (core);
  g_autoptr (GObject) shell = wherry_connection_get_shell (self);

  core->id = id;
  wherry_channel_core_set_open (core, FALSE);
  list_add (self, channel);
  if (shell != NULL)
    g_signal_emit_by_name (shell, "data-channel", channel);
  if (!self->closed && core->state == WHERRY_DATA_CHANNEL_STATE_OPEN)
    wherry_data_channel_emit (channel, "open");
}

static void
take_closed (WherryConnection *self, WherryChannelCore *core, const GError *error)
{
  g_autoptr (WherryDataChannel) channel = wherry_channel_core_get_shell (core);

  free_id (self, core);
  if (channel != NULL)
    list_remove (self, channel);
  wherry_channel_core_closed (core, error);
}

void
wherry_connection_handle_event (gpointer data, gpointer user_data)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (user_data);
  WherryConnectionEvent *event = data;
  WherryChannelCore *core = event->channel;

  if (event->type == WHERRY_CONNECTION_EVENT_GONE)
    wherry_connection_close (self);
  else if (!self->closed)
    switch (event->type)
      {
      case WHERRY_CONNECTION_EVENT_INCOMING:
        announce (self, core, event->id);
        break;
      case WHERRY_CONNECTION_EVENT_OPEN:
        wherry_channel_core_set_open (core, TRUE);
        break;
      case WHERRY_CONNECTION_EVENT_MESSAGE:
        wherry_channel_core_receive (core, g_steal_pointer (&event->message));
        break;
      case WHERRY_CONNECTION_EVENT_SENT:
        wherry_channel_core_sent (core);
        break;
      case WHERRY_CONNECTION_EVENT_CLOSED:
        take_closed (self, core, event->error);
        break;
      case WHERRY_CONNECTION_EVENT_FLUSHED:
        core->flushed = TRUE;
        break;
      case WHERRY_CONNECTION_EVENT_UNREAD:
        wherry_channel_core_stop_reading (core);
        break;
      case WHERRY_CONNECTION_EVENT_CLOSE:
        wherry_channel_core_close (core);
        break;
      case WHERRY_CONNECTION_EVENT_SNAPSHOT:
        wherry_connection_take_snapshot (self, event->snapshot);
        break;
      case WHERRY_CONNECTION_EVENT_GONE:
      default:
        wherry_bug ("unknown event %d", (int) event->type);
        break;
      }
  wherry_connection_event_free (event);
}

void
wherry_connection_delivered (WherryConnection *self, gsize charge)
{
  gsize undelivered = __atomic_sub_fetch (&self->undelivered, charge, __ATOMIC_SEQ_CST);

  if (undelivered <= WHERRY_UNDELIVERED_LOW && g_atomic_int_get (&self->paused))
    wherry_peer_post_wake (self->peer);
}

/* ---- messages that wait for a handler ---- */

/* GObject does not tell that a handler was connected, so while messages wait for one, each turn of
 * the loop looks, and only then is there this source. It wakes nobody. */
typedef struct
{
  GSource source;
  WherryConnection *connection;
} HeldSource;

static gboolean
can_release (WherryConnection *self)
{
  for (guint i = 0; i < self->holding->len; i++)
    if (wherry_channel_core_can_release (g_ptr_array_index (self->holding, i)))
      return TRUE;
  return FALSE;
}

static gboolean
held_source_prepare (GSource *source, int *timeout)
{
  *timeout = -1;
  return can_release (((HeldSource *) source)->connection);
}

static gboolean
held_source_check (GSource *source)
{
  return can_release (((HeldSource *) source)->connection);
}

static gboolean
held_source_dispatch (GSource *source, GSourceFunc func, gpointer data)
{
  g_autoptr (WherryConnection) self = wherry_connection_ref (((HeldSource *) source)->connection);
  guint i = 0;

  while (!self->closed && i < self->holding->len)
    {
      g_autoptr (WherryChannelCore) core
          = wherry_channel_core_ref (g_ptr_array_index (self->holding, i));

      if (wherry_channel_core_can_release (core) && !wherry_channel_core_release (core))
        g_ptr_array_remove (self->holding, core);
      else
        i++;
    }
  if (!self->closed && self->holding->len == 0)
    {
      g_clear_pointer (&self->held_source, g_source_unref);
      return G_SOURCE_REMOVE;
    }
  return self->closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static GSourceFuncs held_source_funcs = {
  .prepare = held_source_prepare,
  .check = held_source_check,
  .dispatch = held_source_dispatch,
};

void
wherry_connection_hold (WherryConnection *self, WherryChannelCore *channel)
{
  g_ptr_array_add (self->holding, wherry_channel_core_ref (channel));
  if (self->held_source != NULL)
    return;
  self->held_source = g_source_new (&held_source_funcs, sizeof (HeldSource));
  g_source_set_static_name (self->held_source, "wherry-held-messages");
  ((HeldSource *) self->held_source)->connection = self; /* closing it destroys the source */
  g_source_attach (self->held_source, self->context);
}
