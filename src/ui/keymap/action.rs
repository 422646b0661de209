//! What a key can do, and where.

use crate::ui::named::named;

named! {
    /// Everything a key can do; what it means at each place says `config/keymap.toml`.
    pub enum Action {
        Quit = "quit",
        Back = "back",
        Help = "help",
        Palette = "palette",
        Filter = "filter",
        Undo = "undo",
        Redo = "redo",
        UndoThis = "undo_this",
        Up = "up",
        Down = "down",
        Left = "left",
        Right = "right",
        PageUp = "page_up",
        PageDown = "page_down",
        First = "first",
        Last = "last",
        NextTab = "next_tab",
        PrevTab = "prev_tab",
        Tab1 = "tab_1",
        Tab2 = "tab_2",
        Tab3 = "tab_3",
        Tab4 = "tab_4",
        Tab5 = "tab_5",
        Tab6 = "tab_6",
        Open = "open",
        Complete = "complete",
        Select = "select",
        SelectRange = "select_range",
        SelectNone = "select_none",
        SelectAll = "select_all",
        Name = "name",
        Merge = "merge",
        Remove = "remove",
        Discard = "discard",
        Restore = "restore",
        Lock = "lock",
        Promote = "promote",
        Export = "export",
        RangeCrops = "range_crops",
        OneCrop = "one_crop",
        Whole = "whole",
        Take1 = "take_1",
        Take2 = "take_2",
        Take3 = "take_3",
        Take4 = "take_4",
        Take5 = "take_5",
        Take6 = "take_6",
        Take7 = "take_7",
        Take8 = "take_8",
        Take9 = "take_9",
        NewPerson = "new_person",
        Split = "split",
        Join = "join",
        Reassign = "reassign",
        Propagate = "propagate",
        MoreCrops = "more_crops",
        FewerCrops = "fewer_crops",
        AllCrops = "all_crops",
        Zoom = "zoom",
        NextSecond = "next_second",
        PrevSecond = "prev_second",
        NextFace = "next_face",
        PrevFace = "prev_face",
        Stricter = "stricter",
        Looser = "looser",
        OtherSlider = "other_slider",
        ResetSliders = "reset_sliders",
        CopySettings = "copy_settings",
        WhoseVoice = "whose_voice",
        GiveVoice = "give_voice",
        MergeVoices = "merge_voices",
        AgreeVoices = "agree_voices",
        OffScreen = "off_screen",
        DropTurn = "drop_turn",
        AddTurn = "add_turn",
        StartHere = "start_here",
        EndHere = "end_here",
        Words = "words",
        RangeTime = "range_time",
        Only = "only",
        NextDoubt = "next_doubt",
        PrevDoubt = "prev_doubt",
        Wider = "wider",
        Closer = "closer",
        ShowPicture = "show_picture",
        Play = "play",
        WhatIf = "what_if",
        LeapLeft = "leap_left",
        LeapRight = "leap_right",
        Sort = "sort",
        SortReverse = "sort_reverse",
        AsFaces = "as_faces",
        ShowCast = "show_cast",
        Edit = "edit",
        Feature = "feature",
        AddEpisode = "add_episode",
        Add = "add",
        Run = "run",
        RunAnew = "run_anew",
        GoOn = "go_on",
        Forget = "forget",
        Cancel = "cancel",
        Delete = "delete",
        DeleteAll = "delete_all",
        Also = "also",
        NextField = "next_field",
        PrevField = "prev_field",
        Begin = "begin",
        ShowTracks = "show_tracks",
        NextPart = "next_part",
        PrevPart = "prev_part",
        OtherRun = "other_run",
        Settle = "settle",
        SettleAll = "settle_all",
        ShowResults = "show_results",
        GoEpisodes = "go_episodes",
        GoPeople = "go_people",
        GoShows = "go_shows",
        GoJobs = "go_jobs",
        GoLog = "go_log",
        GoHealth = "go_health",
        Refresh = "refresh",
        Redraw = "redraw",
        CopyLink = "copy_link",
        ToggleMeter = "toggle_meter",
        NextTheme = "next_theme",
    }
}

named! {
    /// Where a key is pressed.
    pub enum Place {
        /// What holds everywhere but where text is typed.
        Global = "global",
        Episodes = "episodes",
        Detections = "detections",
        Tracks = "tracks",
        Identities = "identities",
        /// Who else somebody is, over Tracks and Identities.
        Propagate = "propagate",
        /// Other thresholds of grouping, tried out.
        WhatIf = "what_if",
        /// Who speaks when.
        Voices = "voices",
        Results = "results",
        /// Another run beside this one.
        Runs = "runs",
        People = "people",
        /// The page of a person.
        Person = "person",
        Shows = "shows",
        Jobs = "jobs",
        /// The form of a new episode.
        Form = "form",
        Log = "log",
        Health = "health",
        /// A list that is narrowed by typing: names, files, the palette.
        Picker = "picker",
        /// A line of text: the filter, a form, a typed confirmation.
        Input = "input",
    }
}

impl Place {
    /// Tells whether letters are text there, so that the keys of [`Place::Global`] do not hold.
    #[must_use]
    pub const fn takes_text(self) -> bool {
        matches!(self, Self::Picker | Self::Input | Self::Form)
    }

    /// Returns where the keys of this place are looked up, in this order.
    pub(super) fn searched(self) -> impl Iterator<Item = Self> {
        let also = (self != Self::Global && !self.takes_text()).then_some(Self::Global);
        std::iter::once(self).chain(also)
    }

    /// Returns its title in help.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Global => "Everywhere",
            Self::Episodes => "Episodes",
            Self::Detections => "Detections",
            Self::Tracks => "Tracks",
            Self::Identities => "Identities",
            Self::WhatIf => "What if",
            Self::Propagate => "Who else it is",
            Self::Voices => "A/V",
            Self::Results => "Results",
            Self::Runs => "Runs",
            Self::People => "People",
            Self::Person => "The page of a person",
            Self::Shows => "Shows",
            Self::Jobs => "Jobs",
            Self::Form => "A new episode",
            Self::Log => "Log",
            Self::Health => "Health",
            Self::Picker => "Lists to pick from",
            Self::Input => "Lines of text",
        }
    }
}
