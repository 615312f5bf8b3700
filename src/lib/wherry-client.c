/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include "lib/wherry-client.h"

#include "lib/wherry-client-core-private.h"
#include "lib/wherry-enum-types.h"

#define MIN_DELAY_DEFAULT_MS 500
#define MAX_DELAY_DEFAULT_MS 15000

typedef enum
{
  PROP_URI = 1,
  PROP_ROOM,
  PROP_NAME,
  PROP_TOKEN,
  PROP_MIRROR,
  PROP_CONFIGURATION,
  PROP_RECONNECT,
  PROP_RESUME,
  PROP_MIN_DELAY,
  PROP_MAX_DELAY,
  PROP_STATE,
  PROP_ID,
  PROP_MEMBERS,
  PROP_CONNECTION,
  PROP_ATTRIBUTES,
  PROP_TRANSPORT,
} Property;

static GParamSpec *properties[PROP_TRANSPORT + 1];

enum
{
  SIGNAL_PREPARE,
  SIGNAL_DATA_CHANNEL,
  SIGNAL_NOTICE,
  SIGNAL_MSG,
  SIGNAL_SIGNALED,
  SIGNAL_MEMBER_CHANGED,
  SIGNAL_CHANNEL,
  SIGNAL_RESUMED,
  SIGNAL_GAP,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (WherryClient, wherry_client, G_TYPE_OBJECT)

static void
wherry_client_finalize (GObject *object)
{
  WherryClient *self = WHERRY_CLIENT (object);

  wherry_client_core_post_free (self->core);
  G_OBJECT_CLASS (wherry_client_parent_class)->finalize (object);
}

static void
wherry_client_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryClient *self = WHERRY_CLIENT (object);
  const WherryClientCore *core = self->core;

  switch ((Property) id)
    {
    case PROP_URI:
      g_value_set_string (value, core->uri);
      break;
    case PROP_ROOM:
      g_value_set_string (value, core->room);
      break;
    case PROP_NAME:
      g_value_set_string (value, core->name);
      break;
    case PROP_MIRROR:
      g_value_set_boolean (value, core->mirror);
      break;
    case PROP_CONFIGURATION:
      g_value_set_object (value, core->configuration);
      break;
    case PROP_RECONNECT:
      g_value_set_boolean (value, core->reconnect);
      break;
    case PROP_RESUME:
      g_value_set_boolean (value, core->resume);
      break;
    case PROP_MIN_DELAY:
      g_value_set_uint (value, (guint) (core->backoff.min_us / 1000));
      break;
    case PROP_MAX_DELAY:
      g_value_set_uint (value, (guint) (core->backoff.max_us / 1000));
      break;
    case PROP_STATE:
      g_value_set_enum (value, core->state);
      break;
    case PROP_ID:
      g_value_set_string (value, core->id);
      break;
    case PROP_MEMBERS:
      g_value_set_object (value, core->members);
      break;
    case PROP_CONNECTION:
      g_value_set_object (value, wherry_client_get_connection (self));
      break;
    case PROP_ATTRIBUTES:
      g_value_set_string (value, core->attributes);
      break;
    case PROP_TRANSPORT:
      g_value_set_enum (value, core->transport);
      break;
    case PROP_TOKEN:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
set_string (char **field, const GValue *value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
wherry_client_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  WherryClientCore *core = WHERRY_CLIENT (object)->core;

  switch ((Property) id)
    {
    case PROP_URI:
      set_string (&core->uri, value);
      break;
    case PROP_ROOM:
      set_string (&core->room, value);
      break;
    case PROP_NAME:
      set_string (&core->name, value);
      break;
    case PROP_TOKEN:
      set_string (&core->token, value);
      break;
    case PROP_MIRROR:
      core->mirror = g_value_get_boolean (value);
      break;
    case PROP_CONFIGURATION:
      g_set_object (&core->configuration, g_value_get_object (value));
      break;
    case PROP_RECONNECT:
      core->reconnect = g_value_get_boolean (value);
      break;
    case PROP_RESUME:
      core->resume = g_value_get_boolean (value);
      break;
    case PROP_MIN_DELAY:
      core->backoff.min_us = (gint64) g_value_get_uint (value) * 1000;
      break;
    case PROP_MAX_DELAY:
      core->backoff.max_us = (gint64) g_value_get_uint (value) * 1000;
      break;
    case PROP_STATE:
    case PROP_ID:
    case PROP_MEMBERS:
    case PROP_CONNECTION:
    case PROP_ATTRIBUTES:
    case PROP_TRANSPORT:
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
install_how (GParamFlags flags)
{
  /**
   * WherryClient:uri:
   *
   * The server's.
   */
  properties[PROP_URI] = g_param_spec_string ("uri", NULL, NULL, NULL, flags);
  /**
   * WherryClient:room:
   *
   * The room's name.
   */
  properties[PROP_ROOM] = g_param_spec_string ("room", NULL, NULL, NULL, flags);
  /**
   * WherryClient:name:
   *
   * By which the others may know it.
   */
  properties[PROP_NAME] = g_param_spec_string ("name", NULL, NULL, NULL, flags);
  /**
   * WherryClient:token:
   *
   * What it shows to be let in: a secret.
   */
  properties[PROP_TOKEN]
      = g_param_spec_string ("token", NULL, NULL, NULL, G_PARAM_WRITABLE | G_PARAM_STATIC_STRINGS);
  /**
   * WherryClient:mirror:
   *
   * Whether it hears every topic of the room; %FALSE: those that it opens a channel for.
   */
  properties[PROP_MIRROR]
      = g_param_spec_boolean ("mirror", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryClient:configuration:
   *
   * How its connections are made. One without servers uses those that the relay names.
   */
  properties[PROP_CONFIGURATION]
      = g_param_spec_object ("configuration", NULL, NULL, WHERRY_TYPE_CONFIGURATION, flags);
  /**
   * WherryClient:reconnect:
   *
   * Whether it comes back when the connection is lost.
   */
  properties[PROP_RECONNECT]
      = g_param_spec_boolean ("reconnect", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryClient:resume:
   *
   * Whether it comes back as the same member, to whose channels ([method@Client.open_channel])
   * nothing has happened. Messages on them are addressed then (protocol `wherry.1`), and topics of
   * others come by [signal@Client::channel]. On by default; without [property@Client:reconnect]
   * it does not come back. There is nothing to come back to in the room `echo`, and from servers
   * that do not know it.
   */
  properties[PROP_RESUME]
      = g_param_spec_boolean ("resume", NULL, NULL, TRUE, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryClient:min-delay:
   *
   * How many milliseconds it waits before it comes back, at first; then twice as long each time,
   * each time by chance between half of it and all.
   */
  properties[PROP_MIN_DELAY] = g_param_spec_uint ("min-delay", NULL, NULL, 1, G_MAXINT,
                                                  MIN_DELAY_DEFAULT_MS, flags | G_PARAM_CONSTRUCT);
  /**
   * WherryClient:max-delay:
   *
   * How many milliseconds it waits at most.
   */
  properties[PROP_MAX_DELAY] = g_param_spec_uint ("max-delay", NULL, NULL, 1, G_MAXINT,
                                                  MAX_DELAY_DEFAULT_MS, flags | G_PARAM_CONSTRUCT);
}

static void
install_what (void)
{
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  /**
   * WherryClient:state:
   *
   * Whether it is there.
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_CLIENT_STATE,
                                              WHERRY_CLIENT_STATE_CLOSED, flags);
  /**
   * WherryClient:id:
   *
   * Its own id, as the others know it.
   */
  properties[PROP_ID] = g_param_spec_string ("id", NULL, NULL, NULL, flags);
  /**
   * WherryClient:members:
   *
   * The others of the room, a list of [class@Member].
   */
  properties[PROP_MEMBERS] = g_param_spec_object ("members", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  /**
   * WherryClient:connection:
   *
   * The connection to the relay.
   */
  properties[PROP_CONNECTION]
      = g_param_spec_object ("connection", NULL, NULL, WHERRY_TYPE_PEER_CONNECTION, flags);
  /**
   * WherryClient:transport:
   *
   * How its messages travel: through the signaling socket where WebRTC does not connect, for
   * example because UDP is blocked. Channels stay open when it changes, and no message is lost by
   * it.
   */
  properties[PROP_TRANSPORT]
      = g_param_spec_enum ("transport", NULL, NULL, WHERRY_TYPE_CLIENT_TRANSPORT,
                           WHERRY_CLIENT_TRANSPORT_NONE, flags);
  /**
   * WherryClient:attributes:
   *
   * What it says about itself: a JSON object. See [method@Client.set_attributes].
   */
  properties[PROP_ATTRIBUTES] = g_param_spec_string ("attributes", NULL, NULL, NULL, flags);
}

static void
install_signals (void)
{
  /**
   * WherryClient::prepare:
   * @self: the client
   * @connection: a new connection, which has not been offered yet
   *
   * Make the channels that are always to be there.
   */
  signals[SIGNAL_PREPARE] = g_signal_new ("prepare", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, WHERRY_TYPE_PEER_CONNECTION);
  /**
   * WherryClient::data-channel:
   * @self: the client
   * @channel: an open channel
   *
   * The relay opened a plain channel for a topic that others send on; see
   * [signal@PeerConnection::data-channel]. With [property@Client:resume], which is on by default,
   * only for channels with a protocol of their own: see [signal@Client::channel].
   */
  signals[SIGNAL_DATA_CHANNEL]
      = g_signal_new ("data-channel", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, WHERRY_TYPE_DATA_CHANNEL);
  /**
   * WherryClient::notice:
   * @self: the client
   * @code: an error code of the protocol, as `too-large`
   * @text: for people
   *
   * The relay has something to say about what it was sent.
   */
  signals[SIGNAL_NOTICE] = g_signal_new ("notice", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                         NULL, NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * WherryClient::msg:
   * @self: the client
   * @from: a member's id
   * @json: an object, with the members `type` and `from` too
   *
   * Somebody sent a note to the room: see [method@Client.send_msg].
   */
  signals[SIGNAL_MSG] = g_signal_new ("msg", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                      NULL, G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * WherryClient::signaled:
   * @self: the client
   * @from: a member's id
   * @json: any JSON
   *
   * A member sent something to this one: see [method@Client.send_signal].
   */
  signals[SIGNAL_SIGNALED]
      = g_signal_new ("signaled", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 2, G_TYPE_STRING, G_TYPE_STRING);
  /**
   * WherryClient::member-changed:
   * @self: the client
   * @member: one of the others
   *
   * A member says something else about itself: see [property@Member:attributes].
   */
  signals[SIGNAL_MEMBER_CHANGED]
      = g_signal_new ("member-changed", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
                      G_TYPE_NONE, 1, WHERRY_TYPE_MEMBER);
}

static void
install_resume_signals (void)
{
  /**
   * WherryClient::channel:
   * @self: the client
   * @channel: a channel
   *
   * The relay opened a channel for a topic that others send on, to a client that resumes; one that
   * does not is told by [signal@Client::data-channel].
   */
  signals[SIGNAL_CHANNEL] = g_signal_new ("channel", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 1, WHERRY_TYPE_CLIENT_CHANNEL);
  /**
   * WherryClient::resumed:
   * @self: the client
   *
   * It came back as the same member: its id is the same, and nothing is lost.
   */
  signals[SIGNAL_RESUMED] = g_signal_new ("resumed", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL,
                                          NULL, NULL, G_TYPE_NONE, 0);
  /**
   * WherryClient::gap:
   * @self: the client
   * @topics: labels
   *
   * It was to come back as the same member and is another one: others' messages on these topics
   * may be missing, and its own may not have arrived.
   */
  signals[SIGNAL_GAP] = g_signal_new ("gap", WHERRY_TYPE_CLIENT, G_SIGNAL_RUN_LAST, 0, NULL, NULL,
                                      NULL, G_TYPE_NONE, 1, G_TYPE_STRV);
}

static void
wherry_client_class_init (WherryClientClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = wherry_client_finalize;
  object_class->get_property = wherry_client_get_property;
  object_class->set_property = wherry_client_set_property;
  install_how (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  install_what ();
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
  install_signals ();
  install_resume_signals ();
}

static void
wherry_client_init (WherryClient *self)
{
  self->core = wherry_client_core_new (self);
}

WherryClient *
wherry_client_new (const char *uri, const char *room, const char *name)
{
  return g_object_new (WHERRY_TYPE_CLIENT, "uri", uri, "room", room, "name", name, NULL);
}

/* ---- what it shows ---- */

void
wherry_client_show (WherryClient *self, WherryClientShows what)
{
  static const Property shown[] = {
    [WHERRY_CLIENT_SHOWS_STATE] = PROP_STATE,
    [WHERRY_CLIENT_SHOWS_ID] = PROP_ID,
    [WHERRY_CLIENT_SHOWS_CONNECTION] = PROP_CONNECTION,
    [WHERRY_CLIENT_SHOWS_TRANSPORT] = PROP_TRANSPORT,
    [WHERRY_CLIENT_SHOWS_ATTRIBUTES] = PROP_ATTRIBUTES,
  };

  g_object_notify_by_pspec (G_OBJECT (self), properties[shown[what]]);
}

void
wherry_client_emit_prepare (WherryClient *self, WherryPeerConnection *connection)
{
  g_signal_emit (self, signals[SIGNAL_PREPARE], 0, connection);
}

void
wherry_client_emit_data_channel (WherryClient *self, WherryDataChannel *channel)
{
  g_signal_emit (self, signals[SIGNAL_DATA_CHANNEL], 0, channel);
}

void
wherry_client_emit_member_changed (WherryClient *self, WherryMember *member)
{
  g_signal_emit (self, signals[SIGNAL_MEMBER_CHANGED], 0, member);
}

void
wherry_client_emit_text (WherryClient *self, const char *name, const char *first,
                         const char *second)
{
  g_signal_emit_by_name (self, name, first, second);
}
