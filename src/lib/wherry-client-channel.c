/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client-channel-private.h"
#include "lib/wherry-enum-types.h"

#include "lib/wherry-enum-types.h"

typedef enum
{
  PROP_TOPIC = 1,
  PROP_READY_STATE,
} Property;

static GParamSpec *properties[PROP_READY_STATE + 1];

enum
{
  SIGNAL_MESSAGE,
  SIGNAL_DRAINED,
  SIGNAL_CLOSED,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WherryClientChannel, wherry_client_channel, G_TYPE_OBJECT)

static void
let_go (WherryClientChannel *self, WherryDataChannel *carrier)
{
  g_signal_handlers_disconnect_by_data (carrier, self);
}

static void
drop_carriers (WherryClientChannel *self)
{
  if (self->carrier != NULL)
    let_go (self, self->carrier);
  g_clear_object (&self->carrier);
  for (guint i = 0; i < self->adopted->len; i++)
    let_go (self, g_ptr_array_index (self->adopted, i));
  g_ptr_array_set_size (self->adopted, 0);
}

static void
wherry_client_channel_finalize (GObject *object)
{
  WherryClientChannel *self = WHERRY_CLIENT_CHANNEL (object);

  drop_carriers (self);
  g_ptr_array_unref (self->adopted);
  g_queue_clear_full (&self->waiting, wherry_client_channel_waiting_free);
  wherry_data_channel_init_free (self->init);
  g_free (self->topic);
  G_OBJECT_CLASS (wherry_client_channel_parent_class)->finalize (object);
}

static void
wherry_client_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryClientChannel *self = WHERRY_CLIENT_CHANNEL (object);

  switch ((Property) id)
    {
    case PROP_TOPIC:
      g_value_set_string (value, self->topic);
      break;
    case PROP_READY_STATE:
      g_value_set_enum (value, self->state);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
install_signals (void)
{
  /**
   * WherryClientChannel::message:
   * @self: the channel
   * @data: the payload
   * @is_text: whether it is text
   * @sender: (nullable): the id of the member that sent it; %NULL: the server itself, or the
   *   channel's messages do not say
   * @sequence: its number: of the topic, or of those to this member alone; 0: it has none
   * @flags: what else is known of it
   *
   * A message came.
   */
  signals[SIGNAL_MESSAGE]
      = g_signal_new ("message", WHERRY_TYPE_CLIENT_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 5, G_TYPE_BYTES, G_TYPE_BOOLEAN, G_TYPE_STRING, G_TYPE_UINT64,
                      WHERRY_TYPE_MESSAGE_FLAGS);
  /**
   * WherryClientChannel::drained:
   * @self: the channel
   *
   * There is room again after %WHERRY_ERROR_WOULD_BLOCK.
   */
  signals[SIGNAL_DRAINED] = g_signal_new ("drained", WHERRY_TYPE_CLIENT_CHANNEL, G_SIGNAL_RUN_LAST,
                                          0, NULL, NULL, NULL, G_TYPE_NONE, 0);
  /**
   * WherryClientChannel::closed:
   * @self: the channel
   *
   * It is closed for good: by this side, or by the relay, or its client left.
   */
  signals[SIGNAL_CLOSED] = g_signal_new ("closed", WHERRY_TYPE_CLIENT_CHANNEL, G_SIGNAL_RUN_LAST, 0,
                                         NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
wherry_client_channel_class_init (WherryClientChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_client_channel_finalize;
  object_class->get_property = wherry_client_channel_get_property;
  /**
   * WherryClientChannel:topic:
   *
   * The label.
   */
  properties[PROP_TOPIC] = g_param_spec_string ("topic", NULL, NULL, NULL, flags);
  /**
   * WherryClientChannel:ready-state:
   *
   * Whether messages can be sent. It stays open while the client comes back as the same member.
   */
  properties[PROP_READY_STATE]
      = g_param_spec_enum ("ready-state", NULL, NULL, WHERRY_TYPE_DATA_CHANNEL_STATE,
                           WHERRY_DATA_CHANNEL_STATE_CONNECTING, flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals ();
}

static void
wherry_client_channel_init (WherryClientChannel *self)
{
  self->adopted = g_ptr_array_new_with_free_func (g_object_unref);
  g_queue_init (&self->waiting);
}

void
wherry_client_channel_set_state (WherryClientChannel *self, WherryDataChannelState state)
{
  if (self->state == state)
    return;
  self->state = state;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_READY_STATE]);
}

void
wherry_client_channel_emit_drained (WherryClientChannel *self)
{
  g_signal_emit (self, signals[SIGNAL_DRAINED], 0);
}

/* ---- what its carrier says ---- */

static void
take_frame (WherryClientChannel *self, GBytes *data)
{
  gsize length;
  const guint8 *bytes = g_bytes_get_data (data, &length);
  char sender[WHERRY_MEMBER_ID_SIZE];
  g_autoptr (GBytes) payload = NULL;
  WherryMessageFlags flags = WHERRY_MESSAGE_FLAGS_NONE;
  WherryFrame frame;

  if (!wherry_frame_parse (&frame, bytes, length, NULL)
      || !wherry_client_topic_take (wherry_client_channel_get_memory (self), &frame))
    return;
  wherry_member_id_format (frame.member, sender);
  payload
      = g_bytes_new_from_bytes (data, WHERRY_FRAME_HEADER_SIZE, length - WHERRY_FRAME_HEADER_SIZE);
  if (frame.replayed)
    flags |= WHERRY_MESSAGE_FLAGS_REPLAYED;
  if (frame.direct)
    flags |= WHERRY_MESSAGE_FLAGS_DIRECT;
  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, payload, frame.text,
                 frame.member != WHERRY_MEMBER_ID_EVERYONE ? sender : NULL, frame.sequence, flags);
}

static void
on_message (WherryDataChannel *carrier, GBytes *data, gboolean is_text, gpointer user_data)
{
  g_autoptr (WherryClientChannel) self = g_object_ref (user_data);

  if (self->session == NULL)
    return;
  if (!wherry_client_channel_is_framed (carrier))
    g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, data, is_text, NULL, (guint64) 0,
                   WHERRY_MESSAGE_FLAGS_NONE);
  else if (!is_text)
    take_frame (self, data);
}

static void
on_open (WherryDataChannel *carrier, gpointer user_data)
{
  g_autoptr (WherryClientChannel) self = g_object_ref (user_data);

  if (self->session == NULL)
    return;
  if (wherry_client_channel_is_numbered (carrier))
    wherry_client_topic_enter (wherry_client_channel_get_memory (self), carrier, !self->is_own);
  if (self->state == WHERRY_DATA_CHANNEL_STATE_CONNECTING)
    wherry_client_channel_set_state (self, WHERRY_DATA_CHANNEL_STATE_OPEN);
  wherry_client_channel_pump (self);
}

static void
on_low (WherryDataChannel *carrier, gpointer user_data)
{
  wherry_client_channel_pump (user_data);
}

static void
on_closed (WherryDataChannel *carrier, gpointer user_data)
{
  g_autoptr (WherryClientChannel) self = g_object_ref (user_data);
  WherryClientSession *session = self->session;

  if (session == NULL)
    return;
  wherry_client_topic_leave (wherry_client_channel_get_memory (self), carrier);
  wherry_client_channel_end (self, TRUE);
  wherry_client_session_forget (session, self);
}

/* ---- of its session ---- */

WherryClientChannel *
wherry_client_channel_new (WherryClientSession *session, const char *topic,
                           const WherryDataChannelInit *init, gboolean mirrored)
{
  WherryClientChannel *self = g_object_new (WHERRY_TYPE_CLIENT_CHANNEL, NULL);

  self->session = session;
  self->topic = g_strdup (topic);
  self->init = init != NULL ? wherry_data_channel_init_copy (init) : NULL;
  self->mirrored = mirrored;
  return self;
}

/* (transfer full) (nullable) */
static WherryDataChannel *
make_carrier (WherryClientChannel *self, WherryPeerConnection *connection)
{
  g_autoptr (WherryDataChannelInit) init = self->init != NULL
                                               ? wherry_data_channel_init_copy (self->init)
                                               : wherry_data_channel_init_new ();
  g_autoptr (GError) error = NULL;
  WherryDataChannel *carrier;

  if (wherry_client_session_is_framed (self->session)
      && *wherry_data_channel_init_get_protocol (init) == '\0')
    wherry_data_channel_init_set_protocol (init, WHERRY_FRAME_PROTOCOL);
  carrier = wherry_peer_connection_create_data_channel (connection, self->topic, init, &error);
  if (carrier == NULL)
    g_debug ("a channel could not be opened again: %s", error->message);
  return carrier;
}

void
wherry_client_channel_attach (WherryClientChannel *self, WherryPeerConnection *connection,
                              WherryDataChannel *carrier)
{
  if (self->session == NULL)
    return;
  drop_carriers (self);
  self->is_own = carrier == NULL;
  self->carrier = carrier != NULL ? g_object_ref (carrier) : make_carrier (self, connection);
  if (self->carrier == NULL)
    return;
  g_signal_connect (self->carrier, "open", G_CALLBACK (on_open), self);
  g_signal_connect (self->carrier, "closed", G_CALLBACK (on_closed), self);
  g_signal_connect (self->carrier, "buffered-amount-low", G_CALLBACK (on_low), self);
  g_signal_connect (self->carrier, "message", G_CALLBACK (on_message), self);
  if (wherry_data_channel_get_ready_state (self->carrier) == WHERRY_DATA_CHANNEL_STATE_OPEN)
    on_open (self->carrier, self);
}

void
wherry_client_channel_adopt (WherryClientChannel *self, WherryDataChannel *mirror)
{
  g_ptr_array_add (self->adopted, g_object_ref (mirror));
  g_signal_connect (mirror, "message", G_CALLBACK (on_message), self);
}

void
wherry_client_channel_cut (WherryClientChannel *self, gboolean stays)
{
  drop_carriers (self);
  if (self->session == NULL || stays)
    return;
  if (self->mirrored || self->state == WHERRY_DATA_CHANNEL_STATE_CLOSING)
    {
      wherry_client_session_forget (self->session, self);
      wherry_client_channel_end (self, TRUE);
    }
  else
    wherry_client_channel_set_state (self, WHERRY_DATA_CHANNEL_STATE_CONNECTING);
}

void
wherry_client_channel_end (WherryClientChannel *self, gboolean tell)
{
  g_autoptr (WherryClientChannel) alive = g_object_ref (self);

  if (self->session == NULL)
    return;
  self->session = NULL;
  drop_carriers (self);
  g_queue_clear_full (&self->waiting, wherry_client_channel_waiting_free);
  self->waiting_bytes = 0;
  if (!tell)
    {
      self->state = WHERRY_DATA_CHANNEL_STATE_CLOSED;
      return;
    }
  wherry_client_channel_set_state (self, WHERRY_DATA_CHANNEL_STATE_CLOSED);
  g_signal_emit (self, signals[SIGNAL_CLOSED], 0);
}

gboolean
wherry_client_channel_is_carried (WherryClientChannel *self)
{
  return self->carrier != NULL;
}

gboolean
wherry_client_channel_is_own (WherryClientChannel *self)
{
  return self->carrier != NULL && self->is_own && wherry_client_channel_is_framed (self->carrier);
}

gboolean
wherry_client_channel_has_waiting (WherryClientChannel *self)
{
  return self->waiting.length > 0;
}

/* ---- what it is ---- */

const char *
wherry_client_channel_get_topic (WherryClientChannel *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), NULL);
  return self->topic;
}

gboolean
wherry_client_channel_get_mirrored (WherryClientChannel *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), FALSE);
  return self->mirrored;
}

WherryDataChannelState
wherry_client_channel_get_ready_state (WherryClientChannel *self)
{
  g_return_val_if_fail (WHERRY_IS_CLIENT_CHANNEL (self), WHERRY_DATA_CHANNEL_STATE_CLOSED);
  return self->state;
}
