/* SPDX-License-Identifier: LGPL-2.1-or-later */
#define G_LOG_DOMAIN "wherry-cli"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "cli/doctor/wherry-doctor.h"

/* A description that somebody pasted: is it whole, does the library take it, and which of its
 * candidates answer? */

#define CANDIDATES_MAX 64u
#define SET_TIMEOUT_MS 10000u

typedef struct
{
  WherryDoctor *doctor;
  WherrySessionDescription *description;
  char **lines;
  GListStore *candidates; /* of WherryIceCandidate */
} Paper;

static void
paper_clear (Paper *self)
{
  g_clear_object (&self->description);
  g_clear_object (&self->candidates);
  g_strfreev (self->lines);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Paper, paper_clear)

/* (nullable): what stands behind the first line that begins so. */
static const char *
find_line (Paper *self, const char *prefix)
{
  for (char **line = self->lines; *line != NULL; line++)
    if (g_str_has_prefix (*line, prefix))
      return *line + strlen (prefix);
  return NULL;
}

/* ---- reading ---- */

static gboolean
refuse (WherryDoctor *doctor, const char *why)
{
  wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_BAD, "read", NULL, "%s", why);
  wherry_doctor_report_cause (
      doctor->report, "not-a-description", WHERRY_EXIT_FAILED,
      g_strdup (_ ("This is no session description.")), g_strdup (why),
      g_strdup (
          _ ("Paste one whole line {\"type\":…,\"sdp\":…} as a peer prints it, or an SDP from "
             "its “v=0” to its end; a terminal or a mail program may have cut or broken it.")),
      NULL);
  return FALSE;
}

static gboolean
take_text (Paper *self, const char *text)
{
  g_autofree char *stripped = g_strstrip (g_strdup (text));
  g_autoptr (GError) error = NULL;

  if (*stripped == '{')
    {
      self->description = wherry_session_description_new_from_json (stripped, &error);
      if (self->description == NULL)
        return refuse (self->doctor, error->message);
    }
  else if (g_str_has_prefix (stripped, "v=0"))
    {
      /* RFC 8842 section 5.1: an offer is actpass, an answer never */
      WherryDescriptionType type = strstr (stripped, "a=setup:actpass") != NULL
                                       ? WHERRY_DESCRIPTION_TYPE_OFFER
                                       : WHERRY_DESCRIPTION_TYPE_ANSWER;
      g_autofree char *whole = g_strconcat (stripped, "\r\n", NULL);

      self->description = wherry_session_description_new (type, whole);
    }
  else
    return refuse (self->doctor, _ ("it begins neither with “{” nor with “v=0”"));
  self->lines = g_strsplit (wherry_session_description_get_sdp (self->description), "\n", -1);
  for (char **line = self->lines; *line != NULL; line++)
    g_strchomp (*line);
  return TRUE;
}

/* ---- what must be in it ---- */

static void
look_at_lines (Paper *self)
{
  static const struct
  {
    const char *prefix;
    const char *why;
  } needed[] = {
    { "m=application ", N_ ("no data channels: no line “m=application”") },
    { "a=ice-ufrag:", N_ ("no ICE user fragment (a=ice-ufrag)") },
    { "a=ice-pwd:", N_ ("no ICE password (a=ice-pwd)") },
    { "a=fingerprint:", N_ ("no certificate fingerprint (a=fingerprint)") },
    { "a=setup:", N_ ("no DTLS role (a=setup)") },
    { "a=sctp-port:", N_ ("no SCTP port (a=sctp-port)") },
  };
  g_autoptr (GString) missing = g_string_new (NULL);
  WherryDoctorReport *report = self->doctor->report;

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++)
    if (find_line (self, needed[i].prefix) == NULL)
      {
        wherry_doctor_report_step (report, WHERRY_DOCTOR_BAD, "line",
                                   wherry_doctor_evidence ("missing", needed[i].prefix, NULL), "%s",
                                   _ (needed[i].why));
        g_string_append_printf (missing, "%s%s", missing->len > 0 ? ", " : "", _ (needed[i].why));
      }
  if (missing->len > 0)
    wherry_doctor_report_cause (
        report, "description-incomplete", WHERRY_EXIT_FAILED,
        g_strdup (_ ("The description lacks what a data channel needs.")), g_strdup (missing->str),
        g_strdup (_ ("Copy it again, whole; the peer that made it must have created a data channel "
                     "before its offer.")),
        wherry_doctor_evidence ("missing", missing->str, NULL));
  else
    wherry_doctor_report_step (report, WHERRY_DOCTOR_GOOD, "line", NULL,
                               _ ("ICE, DTLS (setup:%s) and SCTP (port %s) are described"),
                               find_line (self, "a=setup:"), find_line (self, "a=sctp-port:"));
}

typedef struct
{
  gboolean is_done;
  GError *error;
} Setting;

static void
on_local (GObject *source, GAsyncResult *result, gpointer data)
{
  Setting *setting = data;

  wherry_peer_connection_set_local_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                       &setting->error);
  setting->is_done = TRUE;
}

static void
on_remote (GObject *source, GAsyncResult *result, gpointer data)
{
  Setting *setting = data;

  g_clear_error (&setting->error);
  wherry_peer_connection_set_remote_description_finish (WHERRY_PEER_CONNECTION (source), result,
                                                        &setting->error);
  setting->is_done = TRUE;
}

static gboolean
is_set (gpointer data)
{
  return ((Setting *) data)->is_done;
}

/* What the library says of it, which is what counts. */
static void
look_at_library (Paper *self)
{
  WherryDoctor *doctor = self->doctor;
  static const char *const loopback[] = { "127.0.0.1", NULL };
  g_autoptr (WherryConfiguration) configuration = wherry_configuration_new ();
  g_autoptr (WherryPeerConnection) connection = NULL;
  g_autoptr (WherryDataChannel) channel = NULL;
  g_autoptr (GCancellable) never = g_cancellable_new ();
  Setting setting = { 0 };

  /* whoever it is of is not to be connected to */
  wherry_configuration_set_bind_addresses (configuration, loopback);
  connection = wherry_peer_connection_new (configuration, NULL);
  if (connection == NULL)
    return;
  if (wherry_session_description_get_description_type (self->description)
      != WHERRY_DESCRIPTION_TYPE_OFFER)
    {
      channel = wherry_peer_connection_create_data_channel (connection, "doctor", NULL, NULL);
      wherry_peer_connection_set_local_description_async (connection, NULL, NULL, on_local,
                                                          &setting);
      wherry_await_until (is_set, &setting, never, G_MAXINT);
      setting.is_done = FALSE;
    }
  wherry_peer_connection_set_remote_description_async (connection, self->description, NULL,
                                                       on_remote, &setting);
  wherry_await_until (is_set, &setting, never, G_MAXINT);
  wherry_peer_connection_close (connection);
  if (setting.error == NULL)
    {
      wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_GOOD, "taken", NULL, "%s",
                                 _ ("the library takes it"));
      return;
    }
  wherry_doctor_report_step (doctor->report, WHERRY_DOCTOR_BAD, "taken",
                             wherry_doctor_evidence ("error", setting.error->message, NULL), "%s",
                             setting.error->message);
  if (!wherry_doctor_report_has_cause (doctor->report, "description-incomplete"))
    wherry_doctor_report_cause (
        doctor->report, "description-refused", WHERRY_EXIT_FAILED,
        g_strdup (_ ("The library does not take this description.")),
        g_strdup (setting.error->message),
        g_strdup (_ ("Copy it again, whole and unchanged; if it is, the program that made it is at "
                     "fault.")),
        NULL);
  g_clear_error (&setting.error);
}

/* ---- candidates ---- */

static void
look_at_candidate (Paper *self, const char *line)
{
  g_autoptr (WherryIceCandidate) candidate = wherry_ice_candidate_new (line, NULL, 0, NULL);
  g_autofree char *text = NULL;
  const char *address;

  if (!wherry_ice_candidate_is_parsed (candidate))
    {
      wherry_doctor_report_step (self->doctor->report, WHERRY_DOCTOR_BAD, "candidate",
                                 wherry_doctor_candidate_evidence (candidate),
                                 _ ("cannot be read: %s"), line);
      return;
    }
  text = wherry_doctor_candidate_text (candidate);
  address = wherry_ice_candidate_get_address (candidate);
  wherry_doctor_report_step (self->doctor->report, WHERRY_DOCTOR_NOTE, "candidate",
                             wherry_doctor_candidate_evidence (candidate), "%s%s", text,
                             g_str_has_suffix (address, ".local") ? _ (
                                 " (a browser hides its address; good in its own network alone)")
                                                                  : "");
  g_list_store_append (self->candidates, candidate);
}

static void
tell_candidate (WherryDoctor *doctor, const WherryStunFinding *finding)
{
  g_autofree char *text = wherry_doctor_finding_text (finding);

  wherry_doctor_report_step (doctor->report,
                             finding->outcome == WHERRY_STUN_OUTCOME_ANSWERED ? WHERRY_DOCTOR_GOOD
                                                                              : WHERRY_DOCTOR_BAD,
                             "reached", wherry_doctor_finding_evidence (finding), "%s: %s",
                             finding->url, text);
}

static void
judge_candidates (Paper *self, guint first)
{
  WherryDoctor *doctor = self->doctor;
  guint n = doctor->findings->len - first;
  WherryStunFinding **findings
      = n > 0 ? (WherryStunFinding **) (doctor->findings->pdata + first) : NULL;

  for (guint i = 0; i < n; i++)
    if (findings[i]->outcome == WHERRY_STUN_OUTCOME_ANSWERED)
      return;
  if (g_list_model_get_n_items (G_LIST_MODEL (self->candidates)) == 0)
    wherry_doctor_report_cause (
        doctor->report, "description-no-candidates", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("The description has no candidate: nobody can reach who made it.")),
        g_strdup (_ ("there is no line “a=candidate”")),
        g_strdup (_ ("Copy it again when gathering is complete: where descriptions go by hand, "
                     "candidates must be in them.")),
        NULL);
  else if (n == 0)
    wherry_doctor_report_cause (
        doctor->report, "description-hidden", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("None of its candidates has an address that can be asked.")),
        g_strdup (_ ("all of them are hidden names (.local), or only connect themselves")),
        g_strdup (_ ("Give that peer a STUN server, or let its browser show addresses (a page that "
                     "may use the microphone does).")),
        NULL);
  else
    wherry_doctor_report_cause (
        doctor->report, "description-unreachable", WHERRY_EXIT_NOT_REACHED,
        g_strdup (_ ("None of its candidates answers from here.")),
        wherry_doctor_join_proofs (findings, n),
        g_strdup (_ ("Is the other side still waiting, with this very description? It may be in "
                     "another network: then it needs a STUN server, and where UDP is blocked a "
                     "TURN server with ?transport=tcp.")),
        NULL);
}

static void
look_at_candidates (Paper *self)
{
  WherryDoctor *doctor = self->doctor;
  g_autoptr (GPtrArray) probes
      = g_ptr_array_new_with_free_func ((GDestroyNotify) wherry_stun_probe_free);
  const char *ufrag = find_line (self, "a=ice-ufrag:");
  const char *password = find_line (self, "a=ice-pwd:");
  g_autofree char *username = g_strdup_printf ("%s:doctor", ufrag);
  guint first = doctor->findings->len;
  guint n = 0;

  wherry_doctor_report_section (doctor->report, "theirs", _ ("Its candidates"));
  for (char **line = self->lines; *line != NULL && n < CANDIDATES_MAX; line++)
    if (g_str_has_prefix (*line, "a=candidate:"))
      {
        look_at_candidate (self, *line + strlen ("a="));
        n++;
      }
  if (find_line (self, "a=end-of-candidates") == NULL)
    wherry_doctor_report_step (
        doctor->report, WHERRY_DOCTOR_NOTE, "candidate", NULL, "%s",
        n > 0 ? _ ("“a=end-of-candidates” is missing: more may have been found later")
              : _ ("there is none, nor “a=end-of-candidates”"));
  for (n = 0; n < g_list_model_get_n_items (G_LIST_MODEL (self->candidates)) && ufrag != NULL
              && password != NULL;
       n++)
    {
      g_autoptr (WherryIceCandidate) candidate
          = g_list_model_get_item (G_LIST_MODEL (self->candidates), n);

      wherry_doctor_check_candidate (doctor, candidate, NULL, username, password, probes);
    }
  if (probes->len > 0)
    wherry_doctor_report_section (doctor->report, "pairs", _ ("Asked from here"));
  wherry_doctor_take_probes (doctor, probes, tell_candidate);
  if (!g_cancellable_is_cancelled (doctor->cancellable) && ufrag != NULL && password != NULL)
    judge_candidates (self, first);
}

void
wherry_doctor_look_at_description (WherryDoctor *doctor, const char *text)
{
  g_auto (Paper) self = { .doctor = doctor };

  self.candidates = g_list_store_new (WHERRY_TYPE_ICE_CANDIDATE);
  wherry_doctor_report_section (doctor->report, "description", _ ("Description"));
  if (!take_text (&self, text))
    return;
  look_at_lines (&self);
  look_at_library (&self);
  look_at_candidates (&self);
}
