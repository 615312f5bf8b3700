/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-connection-private.h"
#include "lib/wherry-enum-types.h"

/* The shell: everything is in the core. */

struct _WherryDataChannel
{
  GObject parent_instance;

  /* immutable after construction: any thread reads */
  WherryChannelCore *core;
};

typedef enum
{
  PROP_LABEL = 1,
  PROP_ORDERED,
  PROP_MAX_PACKET_LIFE_TIME,
  PROP_MAX_RETRANSMITS,
  PROP_PROTOCOL,
  PROP_NEGOTIATED,
  PROP_ID,
  PROP_PRIORITY,
  PROP_READY_STATE,
  PROP_BUFFERED_AMOUNT,
  PROP_BUFFERED_AMOUNT_LOW_THRESHOLD,
} Property;

static GParamSpec *properties[PROP_BUFFERED_AMOUNT_LOW_THRESHOLD + 1];

enum
{
  SIGNAL_OPEN,
  SIGNAL_MESSAGE,
  SIGNAL_CLOSING,
  SIGNAL_CLOSED,
  SIGNAL_ERROR,
  SIGNAL_BUFFERED_AMOUNT_LOW,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WherryDataChannel, wherry_data_channel, G_TYPE_OBJECT)

static void
wherry_data_channel_finalize (GObject *object)
{
  WherryDataChannel *self = WHERRY_DATA_CHANNEL (object);

  WHERRY_TSAN_ACQUIRE (self);
  g_clear_pointer (&self->core, wherry_channel_core_unref);
  G_OBJECT_CLASS (wherry_data_channel_parent_class)->finalize (object);
}

static void
wherry_data_channel_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryDataChannel *self = WHERRY_DATA_CHANNEL (object);

  switch ((Property) id)
    {
    case PROP_LABEL:
      g_value_set_string (value, wherry_data_channel_get_label (self));
      break;
    case PROP_ORDERED:
      g_value_set_boolean (value, wherry_data_channel_get_ordered (self));
      break;
    case PROP_MAX_PACKET_LIFE_TIME:
      g_value_set_int (value, wherry_data_channel_get_max_packet_life_time (self));
      break;
    case PROP_MAX_RETRANSMITS:
      g_value_set_int (value, wherry_data_channel_get_max_retransmits (self));
      break;
    case PROP_PROTOCOL:
      g_value_set_string (value, wherry_data_channel_get_protocol (self));
      break;
    case PROP_NEGOTIATED:
      g_value_set_boolean (value, wherry_data_channel_get_negotiated (self));
      break;
    case PROP_ID:
      g_value_set_int (value, wherry_data_channel_get_id (self));
      break;
    case PROP_PRIORITY:
      g_value_set_enum (value, wherry_data_channel_get_priority (self));
      break;
    case PROP_READY_STATE:
      g_value_set_enum (value, wherry_data_channel_get_ready_state (self));
      break;
    case PROP_BUFFERED_AMOUNT:
      g_value_set_uint64 (value, wherry_data_channel_get_buffered_amount (self));
      break;
    case PROP_BUFFERED_AMOUNT_LOW_THRESHOLD:
      g_value_set_uint64 (value, wherry_data_channel_get_buffered_amount_low_threshold (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
wherry_data_channel_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  if (id == PROP_BUFFERED_AMOUNT_LOW_THRESHOLD)
    wherry_data_channel_set_buffered_amount_low_threshold (WHERRY_DATA_CHANNEL (object),
                                                           g_value_get_uint64 (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
install_init_properties (GParamFlags flags)
{
  /**
   * WherryDataChannel:label:
   *
   * Its name, not unique (RTCDataChannel.label).
   */
  properties[PROP_LABEL] = g_param_spec_string ("label", NULL, NULL, NULL, flags);
  /**
   * WherryDataChannel:ordered:
   *
   * Whether messages arrive in the order of sending (RTCDataChannel.ordered).
   */
  properties[PROP_ORDERED] = g_param_spec_boolean ("ordered", NULL, NULL, TRUE, flags);
  /**
   * WherryDataChannel:max-packet-life-time:
   *
   * For how many milliseconds a message is sent again, or -1 (RTCDataChannel.maxPacketLifeTime).
   */
  properties[PROP_MAX_PACKET_LIFE_TIME]
      = g_param_spec_int ("max-packet-life-time", NULL, NULL, -1, G_MAXUINT16, -1, flags);
  /**
   * WherryDataChannel:max-retransmits:
   *
   * How often a message is sent again, or -1 (RTCDataChannel.maxRetransmits).
   */
  properties[PROP_MAX_RETRANSMITS]
      = g_param_spec_int ("max-retransmits", NULL, NULL, -1, G_MAXUINT16, -1, flags);
  /**
   * WherryDataChannel:protocol:
   *
   * The subprotocol, or "" (RTCDataChannel.protocol).
   */
  properties[PROP_PROTOCOL] = g_param_spec_string ("protocol", NULL, NULL, NULL, flags);
  /**
   * WherryDataChannel:negotiated:
   *
   * Whether both sides made it with the same id (RTCDataChannel.negotiated).
   */
  properties[PROP_NEGOTIATED] = g_param_spec_boolean ("negotiated", NULL, NULL, FALSE, flags);
  /**
   * WherryDataChannel:priority:
   *
   * Against the other channels of the connection (RTCDataChannel.priority).
   */
  properties[PROP_PRIORITY] = g_param_spec_enum ("priority", NULL, NULL, WHERRY_TYPE_PRIORITY,
                                                 WHERRY_PRIORITY_LOW, flags);
}

static void
install_state_properties (GParamFlags flags)
{
  /**
   * WherryDataChannel:id:
   *
   * The stream, or -1 while it is not chosen (RTCDataChannel.id).
   */
  properties[PROP_ID] = g_param_spec_int ("id", NULL, NULL, -1, G_MAXUINT16, -1, flags);
  /**
   * WherryDataChannel:ready-state:
   *
   * Its state (RTCDataChannel.readyState).
   */
  properties[PROP_READY_STATE]
      = g_param_spec_enum ("ready-state", NULL, NULL, WHERRY_TYPE_DATA_CHANNEL_STATE,
                           WHERRY_DATA_CHANNEL_STATE_CONNECTING, flags);
  /**
   * WherryDataChannel:buffered-amount:
   *
   * Payload bytes given to the send functions and not yet to the network
   * (RTCDataChannel.bufferedAmount). Its changes are not notified:
   * [signal@DataChannel::buffered-amount-low] is.
   */
  properties[PROP_BUFFERED_AMOUNT]
      = g_param_spec_uint64 ("buffered-amount", NULL, NULL, 0, G_MAXUINT64, 0, flags);
  /**
   * WherryDataChannel:buffered-amount-low-threshold:
   *
   * Where [signal@DataChannel::buffered-amount-low] is emitted, in bytes
   * (RTCDataChannel.bufferedAmountLowThreshold).
   */
  properties[PROP_BUFFERED_AMOUNT_LOW_THRESHOLD]
      = g_param_spec_uint64 ("buffered-amount-low-threshold", NULL, NULL, 0, G_MAXUINT64, 0,
                             G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
}

/* ---- marshalling `message` ----
 * The generic way through libffi costs most of a microsecond for each message. */

typedef void (*MessageFunc) (gpointer first, GBytes *data, gboolean is_text, gpointer second);

static void
call_handler (GClosure *closure, gpointer marshal_data, gpointer self, GBytes *data,
              gboolean is_text)
{
  gpointer callback = marshal_data != NULL ? marshal_data : ((GCClosure *) closure)->callback;

  if (G_CCLOSURE_SWAP_DATA (closure))
    ((MessageFunc) callback) (closure->data, data, is_text, self);
  else
    ((MessageFunc) callback) (self, data, is_text, closure->data);
}

static void
marshal_message (GClosure *closure, GValue *return_value, guint n_values, const GValue *values,
                 gpointer hint, gpointer marshal_data)
{
  call_handler (closure, marshal_data, g_value_peek_pointer (&values[0]),
                g_value_get_boxed (&values[1]), g_value_get_boolean (&values[2]));
}

/* Whoever emits holds the bytes. */
static void
marshal_message_va (GClosure *closure, GValue *return_value, gpointer self, va_list arguments,
                    gpointer marshal_data, int n_types, GType *types)
{
  GBytes *data = NULL;
  gboolean is_text;
  va_list copy;

  va_copy (copy, arguments);
  data = va_arg (copy, GBytes *);
  is_text = va_arg (copy, gboolean);
  va_end (copy);
  call_handler (closure, marshal_data, self, data, is_text);
}

static guint
plain_signal (const char *name)
{
  return g_signal_new (name, WHERRY_TYPE_DATA_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                       G_TYPE_NONE, 0);
}

static void
install_signals (void)
{
  /**
   * WherryDataChannel::open:
   * @self: the channel
   *
   * Messages can be sent (RTCDataChannel.onopen).
   */
  signals[SIGNAL_OPEN] = plain_signal ("open");
  /**
   * WherryDataChannel::message:
   * @self: the channel
   * @data: the payload, not copied
   * @is_text: whether it was sent as text: @data is then meant to be UTF-8, without a NUL at its
   *   end, and should be treated as such a string from a stranger
   *
   * A message has come (RTCDataChannel.onmessage). What comes before the first handler is connected
   * is held, up to a limit beyond which the whole connection is not read (backpressure), and told
   * from the main loop once there is a handler: connect one, or close a channel that is not wanted.
   * Once there has been one, nothing is held any more.
   */
  signals[SIGNAL_MESSAGE]
      = g_signal_new ("message", WHERRY_TYPE_DATA_CHANNEL, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                      marshal_message, G_TYPE_NONE, 2, G_TYPE_BYTES, G_TYPE_BOOLEAN);
  g_signal_set_va_marshaller (signals[SIGNAL_MESSAGE], WHERRY_TYPE_DATA_CHANNEL,
                              marshal_message_va);
  /**
   * WherryDataChannel::closing:
   * @self: the channel
   *
   * The other side closes it (RTCDataChannel.onclosing). Not emitted after
   * [method@DataChannel.close].
   */
  signals[SIGNAL_CLOSING] = plain_signal ("closing");
  /**
   * WherryDataChannel::closed:
   * @self: the channel
   *
   * It is closed (RTCDataChannel.onclose).
   */
  signals[SIGNAL_CLOSED] = plain_signal ("closed");
  /**
   * WherryDataChannel::error:
   * @self: the channel
   * @error: what happened
   *
   * It could not be opened, or its connection failed (RTCDataChannel.onerror);
   * [signal@DataChannel::closed] follows.
   */
  signals[SIGNAL_ERROR] = g_signal_new ("error", WHERRY_TYPE_DATA_CHANNEL, G_SIGNAL_RUN_LAST, 0,
                                        NULL, NULL, NULL, G_TYPE_NONE, 1, G_TYPE_ERROR);
  /**
   * WherryDataChannel::buffered-amount-low:
   * @self: the channel
   *
   * The buffered amount has fallen to the threshold or below
   * (RTCDataChannel.onbufferedamountlow).
   */
  signals[SIGNAL_BUFFERED_AMOUNT_LOW] = plain_signal ("buffered-amount-low");
}

static void
wherry_data_channel_class_init (WherryDataChannelClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_data_channel_finalize;
  object_class->get_property = wherry_data_channel_get_property;
  object_class->set_property = wherry_data_channel_set_property;
  install_init_properties (flags);
  install_state_properties (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals ();
}

static void
wherry_data_channel_init (WherryDataChannel *self)
{
}

/* ---- for the core ---- */

WherryDataChannel *
wherry_data_channel_new (WherryChannelCore *core)
{
  WherryDataChannel *self = g_object_new (WHERRY_TYPE_DATA_CHANNEL, NULL);

  self->core = wherry_channel_core_ref (core);
  WHERRY_TSAN_RELEASE (self);
  g_weak_ref_set (&core->shell, self);
  return self;
}

WherryChannelCore *
wherry_data_channel_get_core (WherryDataChannel *self)
{
  return self->core;
}

void
wherry_data_channel_emit_message (WherryDataChannel *self, WherryMessage *message)
{
  g_autoptr (GBytes) bytes = wherry_message_get_bytes (message);

  g_signal_emit (self, signals[SIGNAL_MESSAGE], 0, bytes,
                 wherry_message_get_kind (message) == WHERRY_MESSAGE_TEXT);
}

void
wherry_data_channel_emit (WherryDataChannel *self, const char *name)
{
  g_signal_emit_by_name (self, name);
}

void
wherry_data_channel_emit_error (WherryDataChannel *self, const GError *error)
{
  g_signal_emit (self, signals[SIGNAL_ERROR], 0, error);
}

gboolean
wherry_data_channel_has_handler (WherryDataChannel *self)
{
  return g_signal_has_handler_pending (self, signals[SIGNAL_MESSAGE], 0, TRUE);
}

/* ---- attributes ---- */

#define DEFINE_GETTER(type, name, expression, otherwise)                                           \
  type wherry_data_channel_get_##name (WherryDataChannel *self)                                    \
  {                                                                                                \
    g_return_val_if_fail (WHERRY_IS_DATA_CHANNEL (self) && self->core != NULL, otherwise);         \
    return expression;                                                                             \
  }

DEFINE_GETTER (const char *, label, self->core->label, NULL)
DEFINE_GETTER (gboolean, ordered, self->core->ordered, FALSE)
DEFINE_GETTER (int, max_packet_life_time, self->core->max_packet_life_time, -1)
DEFINE_GETTER (int, max_retransmits, self->core->max_retransmits, -1)
DEFINE_GETTER (const char *, protocol, self->core->protocol, NULL)
DEFINE_GETTER (gboolean, negotiated, self->core->negotiated, FALSE)
DEFINE_GETTER (int, id, self->core->id, -1)
DEFINE_GETTER (WherryPriority, priority, wherry_priority_from_wire (self->core->wire_priority),
               WHERRY_PRIORITY_LOW)
DEFINE_GETTER (WherryDataChannelState, ready_state, self->core->state,
               WHERRY_DATA_CHANNEL_STATE_CLOSED)
DEFINE_GETTER (guint64, buffered_amount, self->core->buffered, 0)
DEFINE_GETTER (guint64, buffered_amount_low_threshold, self->core->low_threshold, 0)

void
wherry_data_channel_set_buffered_amount_low_threshold (WherryDataChannel *self, guint64 bytes)
{
  g_return_if_fail (WHERRY_IS_DATA_CHANNEL (self) && self->core != NULL);
  if (self->core->low_threshold == bytes)
    return;
  self->core->low_threshold = bytes;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUFFERED_AMOUNT_LOW_THRESHOLD]);
}
