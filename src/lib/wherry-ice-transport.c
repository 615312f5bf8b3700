/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-lib"

#include "config.h"

#include <string.h>

#include "lib/wherry-enum-types.h"
#include "lib/wherry-transports-private.h"

/* The foundation of a candidate that nobody signaled. */
#define FOUND "found"

struct _WherryIceTransport
{
  GObject parent_instance;

  WherryIceConnectionState state;
  WherryIceGatheringState gathering_state;
  WherryIceRole role;
  GListStore *local_candidates;                  /* of WherryIceCandidate */
  GListStore *remote_candidates;                 /* of WherryIceCandidate */
  WherryIceParameters *local_parameters;         /* (nullable) */
  WherryIceParameters *remote_parameters;        /* (nullable) */
  WherryIceCandidate *selected_local_candidate;  /* (nullable) */
  WherryIceCandidate *selected_remote_candidate; /* (nullable) */
  guint64 pair_changes;                          /* with which they were found */
};

typedef enum
{
  PROP_STATE = 1,
  PROP_GATHERING_STATE,
  PROP_ROLE,
  PROP_LOCAL_CANDIDATES,
  PROP_REMOTE_CANDIDATES,
  PROP_LOCAL_PARAMETERS,
  PROP_REMOTE_PARAMETERS,
  PROP_SELECTED_LOCAL_CANDIDATE,
  PROP_SELECTED_REMOTE_CANDIDATE,
} Property;

static GParamSpec *properties[PROP_SELECTED_REMOTE_CANDIDATE + 1];

G_DEFINE_FINAL_TYPE (WherryIceTransport, wherry_ice_transport, G_TYPE_OBJECT)

static void
wherry_ice_transport_finalize (GObject *object)
{
  WherryIceTransport *self = WHERRY_ICE_TRANSPORT (object);

  g_object_unref (self->local_candidates);
  g_object_unref (self->remote_candidates);
  g_clear_object (&self->local_parameters);
  g_clear_object (&self->remote_parameters);
  g_clear_object (&self->selected_local_candidate);
  g_clear_object (&self->selected_remote_candidate);
  G_OBJECT_CLASS (wherry_ice_transport_parent_class)->finalize (object);
}

static void
wherry_ice_transport_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  WherryIceTransport *self = WHERRY_ICE_TRANSPORT (object);

  switch ((Property) id)
    {
    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;
    case PROP_GATHERING_STATE:
      g_value_set_enum (value, self->gathering_state);
      break;
    case PROP_ROLE:
      g_value_set_enum (value, self->role);
      break;
    case PROP_LOCAL_CANDIDATES:
      g_value_set_object (value, self->local_candidates);
      break;
    case PROP_REMOTE_CANDIDATES:
      g_value_set_object (value, self->remote_candidates);
      break;
    case PROP_LOCAL_PARAMETERS:
      g_value_set_object (value, self->local_parameters);
      break;
    case PROP_REMOTE_PARAMETERS:
      g_value_set_object (value, self->remote_parameters);
      break;
    case PROP_SELECTED_LOCAL_CANDIDATE:
      g_value_set_object (value, self->selected_local_candidate);
      break;
    case PROP_SELECTED_REMOTE_CANDIDATE:
      g_value_set_object (value, self->selected_remote_candidate);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
    }
}

static void
install_lists (GParamFlags flags)
{
  /**
   * WherryIceTransport:local-candidates:
   *
   * Our candidates of the ICE generation that was described last, a list of [class@IceCandidate]
   * (RTCIceTransport.getLocalCandidates()); it grows as they are found, and begins anew when ICE
   * restarts.
   */
  properties[PROP_LOCAL_CANDIDATES]
      = g_param_spec_object ("local-candidates", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  /**
   * WherryIceTransport:remote-candidates:
   *
   * Theirs, a list of [class@IceCandidate] (RTCIceTransport.getRemoteCandidates()).
   */
  properties[PROP_REMOTE_CANDIDATES]
      = g_param_spec_object ("remote-candidates", NULL, NULL, G_TYPE_LIST_MODEL, flags);
}

static void
install_pair (GParamFlags flags)
{
  /**
   * WherryIceTransport:selected-local-candidate:
   *
   * Our side of the selected pair (RTCIceTransport.getSelectedCandidatePair()): one of
   * [property@IceTransport:local-candidates], or one that the checks found.
   */
  properties[PROP_SELECTED_LOCAL_CANDIDATE]
      = g_param_spec_object ("selected-local-candidate", NULL, NULL, WHERRY_TYPE_ICE_CANDIDATE,
                             flags);
  /**
   * WherryIceTransport:selected-remote-candidate:
   *
   * Their side of the selected pair. RTCIceTransport.onselectedcandidatepairchange is its notify
   * signal, which comes for every change of the pair, behind our side's.
   */
  properties[PROP_SELECTED_REMOTE_CANDIDATE]
      = g_param_spec_object ("selected-remote-candidate", NULL, NULL, WHERRY_TYPE_ICE_CANDIDATE,
                             flags);
}

static void
wherry_ice_transport_class_init (WherryIceTransportClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->finalize = wherry_ice_transport_finalize;
  object_class->get_property = wherry_ice_transport_get_property;

  /**
   * WherryIceTransport:state:
   *
   * Its state (RTCIceTransport.state).
   */
  properties[PROP_STATE] = g_param_spec_enum ("state", NULL, NULL, WHERRY_TYPE_ICE_CONNECTION_STATE,
                                              WHERRY_ICE_CONNECTION_STATE_NEW, flags);
  /**
   * WherryIceTransport:gathering-state:
   *
   * Whether our candidates are found (RTCIceTransport.gatheringState).
   */
  properties[PROP_GATHERING_STATE]
      = g_param_spec_enum ("gathering-state", NULL, NULL, WHERRY_TYPE_ICE_GATHERING_STATE,
                           WHERRY_ICE_GATHERING_STATE_NEW, flags);
  /**
   * WherryIceTransport:role:
   *
   * Which side chooses the pair (RTCIceTransport.role).
   */
  properties[PROP_ROLE] = g_param_spec_enum ("role", NULL, NULL, WHERRY_TYPE_ICE_ROLE,
                                             WHERRY_ICE_ROLE_UNKNOWN, flags);
  install_lists (flags);
  /**
   * WherryIceTransport:local-parameters:
   *
   * Ours (RTCIceTransport.getLocalParameters()); others after an ICE restart.
   */
  properties[PROP_LOCAL_PARAMETERS]
      = g_param_spec_object ("local-parameters", NULL, NULL, WHERRY_TYPE_ICE_PARAMETERS, flags);
  /**
   * WherryIceTransport:remote-parameters:
   *
   * Theirs (RTCIceTransport.getRemoteParameters()).
   */
  properties[PROP_REMOTE_PARAMETERS]
      = g_param_spec_object ("remote-parameters", NULL, NULL, WHERRY_TYPE_ICE_PARAMETERS, flags);
  install_pair (flags);
  g_object_class_install_properties (object_class, G_N_ELEMENTS (properties), properties);
}

static void
wherry_ice_transport_init (WherryIceTransport *self)
{
  self->local_candidates = g_list_store_new (WHERRY_TYPE_ICE_CANDIDATE);
  self->remote_candidates = g_list_store_new (WHERRY_TYPE_ICE_CANDIDATE);
}

WherryIceTransport *
wherry_ice_transport_new (void)
{
  return g_object_new (WHERRY_TYPE_ICE_TRANSPORT, NULL);
}

void
wherry_ice_transport_update (WherryIceTransport *self, const WherryTransportsState *state,
                             gboolean tell)
{
  gboolean gathering_changed = self->gathering_state != state->gathering;
  gboolean changed = self->state != state->ice;

  self->gathering_state = state->gathering;
  self->state = state->ice;
  if (gathering_changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_GATHERING_STATE]);
  if (changed && tell)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
}

WherryIceConnectionState
wherry_ice_transport_get_state (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_CONNECTION_STATE_CLOSED);
  return self->state;
}

WherryIceGatheringState
wherry_ice_transport_get_gathering_state (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_GATHERING_STATE_NEW);
  return self->gathering_state;
}

WherryIceRole
wherry_ice_transport_get_role (WherryIceTransport *self)
{
  g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), WHERRY_ICE_ROLE_UNKNOWN);
  return self->role;
}

#define DEFINE_GETTER(type, name, expression)                                                      \
  type *wherry_ice_transport_get_##name (WherryIceTransport *self)                                 \
  {                                                                                                \
    g_return_val_if_fail (WHERRY_IS_ICE_TRANSPORT (self), NULL);                                   \
    return expression;                                                                             \
  }

DEFINE_GETTER (GListModel, local_candidates, G_LIST_MODEL (self->local_candidates))
DEFINE_GETTER (GListModel, remote_candidates, G_LIST_MODEL (self->remote_candidates))
DEFINE_GETTER (WherryIceParameters, local_parameters, self->local_parameters)
DEFINE_GETTER (WherryIceParameters, remote_parameters, self->remote_parameters)
DEFINE_GETTER (WherryIceCandidate, selected_local_candidate, self->selected_local_candidate)
DEFINE_GETTER (WherryIceCandidate, selected_remote_candidate, self->selected_remote_candidate)

/* ---- what the descriptions say ---- */

static WherryIceCandidate *
describe (const WherrySdp *sdp, const WherryCandidate *candidate)
{
  g_autofree char *text = wherry_candidate_to_string (candidate);
  const char *mid = NULL;
  guint index = 0;

  wherry_sdp_get_candidate_target (sdp, &mid, &index);
  return wherry_ice_candidate_new (text, mid, (int) index, sdp->ice_ufrag);
}

static gboolean
is_same_candidate (WherryIceCandidate *a, WherryIceCandidate *b)
{
  return g_str_equal (wherry_ice_candidate_get_candidate (a),
                      wherry_ice_candidate_get_candidate (b))
         && g_strcmp0 (wherry_ice_candidate_get_username_fragment (a),
                       wherry_ice_candidate_get_username_fragment (b))
                == 0;
}

/* What is there already stays the same object. sdp: (nullable) */
static void
take_candidates (GListStore *list, const WherrySdp *sdp)
{
  g_autoptr (GPtrArray) now = g_ptr_array_new_with_free_func (g_object_unref);
  guint n_before = g_list_model_get_n_items (G_LIST_MODEL (list));
  guint same = 0;

  for (guint i = 0; sdp != NULL && i < sdp->candidates->len; i++)
    g_ptr_array_add (now, describe (sdp, g_ptr_array_index (sdp->candidates, i)));
  for (gboolean goes_on = TRUE; goes_on && same < MIN (n_before, now->len);)
    {
      g_autoptr (WherryIceCandidate) there = g_list_model_get_item (G_LIST_MODEL (list), same);

      goes_on = is_same_candidate (there, g_ptr_array_index (now, same));
      same += goes_on ? 1 : 0;
    }
  if (same < n_before || same < now->len)
    g_list_store_splice (list, same, n_before - same, now->len > 0 ? now->pdata + same : NULL,
                         now->len - same);
}

/* sdp: (nullable) */
static gboolean
take_parameters (WherryIceParameters **parameters, const WherrySdp *sdp)
{
  const char *before
      = *parameters != NULL ? wherry_ice_parameters_get_username_fragment (*parameters) : NULL;

  if (g_strcmp0 (before, sdp != NULL ? sdp->ice_ufrag : NULL) == 0)
    return FALSE;
  g_clear_object (parameters);
  if (sdp != NULL && sdp->ice_ufrag != NULL)
    *parameters = wherry_ice_parameters_new (sdp->ice_ufrag, sdp->ice_pwd);
  return TRUE;
}

void
wherry_ice_transport_take_descriptions (WherryIceTransport *self, const WherrySdp *local,
                                        const WherrySdp *remote)
{
  gboolean local_changed = take_parameters (&self->local_parameters, local);
  gboolean remote_changed = take_parameters (&self->remote_parameters, remote);

  take_candidates (self->local_candidates, local);
  take_candidates (self->remote_candidates, remote);
  if (local_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LOCAL_PARAMETERS]);
  if (remote_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_REMOTE_PARAMETERS]);
}

/* ---- what the session tells ---- */

/* "ip:port" or "[ip]:port" */
static char *
split_address (const char *address, guint *port)
{
  const char *colon = strrchr (address, ':');
  gboolean bracketed = *address == '[';

  if (colon == NULL)
    return NULL;
  *port = (guint) g_ascii_strtoull (colon + 1, NULL, 10);
  return g_strndup (address + (bracketed ? 1 : 0), (gsize) (colon - address) - (bracketed ? 2 : 0));
}

gboolean
wherry_ice_transport_is_found (WherryIceCandidate *candidate)
{
  return g_strcmp0 (wherry_ice_candidate_get_foundation (candidate), FOUND) == 0;
}

static gboolean
is_at (WherryIceCandidate *candidate, const char *ip, guint port, const char *protocol)
{
  return wherry_ice_candidate_get_port (candidate) == port
         && g_strcmp0 (wherry_ice_candidate_get_address (candidate), ip) == 0
         && g_strcmp0 (wherry_ice_candidate_get_protocol (candidate), protocol) == 0;
}

/* The one from before, where that has not changed; one of list's; or one that nobody signaled:
 * found by a check (RFC 8445 sections 7.2.5.3.1 and 7.3.1.3), behind an mDNS name, or the port of a
 * TCP connection that was opened. before: (nullable) */
static WherryIceCandidate *
find (WherryIceCandidate *before, GListStore *list, WherryIceParameters *parameters,
      const char *address, WherryCandidateType type, const char *protocol, guint32 priority)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (list));
  gboolean tcp = g_str_equal (protocol, "tcp");
  guint port = 0;
  g_autofree char *ip = split_address (address, &port);
  g_autofree char *text = NULL;
  g_autoptr (WherryIceCandidate) first = NULL;

  if (ip == NULL)
    return NULL;
  if (before != NULL && is_at (before, ip, port, protocol))
    return g_object_ref (before);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (WherryIceCandidate) candidate = g_list_model_get_item (G_LIST_MODEL (list), i);

      if (is_at (candidate, ip, port, protocol))
        return g_steal_pointer (&candidate);
    }
  first = n > 0 ? g_list_model_get_item (G_LIST_MODEL (list), 0) : NULL;
  text
      = g_strdup_printf ("candidate:" FOUND " 1 %s %u %s %u typ %s%s", protocol, priority, ip, port,
                         wherry_candidate_type_to_string (type), tcp ? " tcptype active" : "");
  return wherry_ice_candidate_new (
      text, first != NULL ? wherry_ice_candidate_get_sdp_mid (first) : NULL,
      first != NULL ? wherry_ice_candidate_get_sdp_mline_index (first) : 0,
      parameters != NULL ? wherry_ice_parameters_get_username_fragment (parameters) : NULL);
}

static gboolean
is_told (WherryIceCandidate *before, WherryIceCandidate *now)
{
  return before == NULL || now == NULL ? before == now : is_same_candidate (before, now);
}

static void
take_pair (WherryIceTransport *self, const WherryIceStats *ice)
{
  const WherryIcePair *pair = &ice->pair;
  /* behind one address there may be another candidate after a restart */
  gboolean is_new = self->pair_changes != ice->pair_changes;
  g_autoptr (WherryIceCandidate) local
      = find (is_new ? NULL : self->selected_local_candidate, self->local_candidates,
              self->local_parameters, pair->local_address, pair->local_type, pair->protocol,
              ice->local_priority);
  g_autoptr (WherryIceCandidate) remote
      = find (is_new ? NULL : self->selected_remote_candidate, self->remote_candidates,
              self->remote_parameters, pair->remote_address, pair->remote_type, pair->protocol,
              ice->remote_priority);

  self->pair_changes = ice->pair_changes;
  if (is_told (self->selected_local_candidate, local)
      && is_told (self->selected_remote_candidate, remote))
    return;
  g_set_object (&self->selected_local_candidate, local);
  g_set_object (&self->selected_remote_candidate, remote);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED_LOCAL_CANDIDATE]);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SELECTED_REMOTE_CANDIDATE]);
}

void
wherry_ice_transport_take_details (WherryIceTransport *self, const WherryPeerStats *stats)
{
  WherryIceRole role
      = stats->ice.controlling ? WHERRY_ICE_ROLE_CONTROLLING : WHERRY_ICE_ROLE_CONTROLLED;

  if (!stats->has_ice)
    return;
  if (self->role != role)
    {
      self->role = role;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ROLE]);
    }
  if (stats->ice.has_pair)
    take_pair (self, &stats->ice);
}
