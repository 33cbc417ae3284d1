"""The words by which talk of danger, plans, mental status, diagnoses and medication is known.

English first; Spanish, German and French have the words that gates need, so that a session in them is not taken
for one that is silent on risk. Patterns are matched without regard to case.
"""

from __future__ import annotations

import re

_SELF = r"(?:my|your|him|her|it|one)self|them(?:selves|self)|(?:our|your)selves"


def _compile(*parts: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(parts) + r")(?!\w)", re.IGNORECASE)


RISK: dict[str, re.Pattern[str]] = {
    "suicide": _compile(
        r"suicid\w*",
        r"(?-i:SI|S\.I\.)",
        rf"kill(?:ed|ing)? (?:{_SELF})",
        r"(?:end|ending|ended|take|taking|took) (?:my|your|his|her|their|our|its) (?:own )?li(?:fe|ves)",
        r"(?:end|ending) (?:it all|everything|things|it)(?= (?:all|tonight|today|now)|[.,?!]|$)",
        r"(?:want(?:s|ed|ing)?|wish(?:es|ed|ing)?|wanna|rather|prefer) (?:to (?:die|be dead)|(?:I|he|she|they|you) (?:was|were) dead|be dead|die)",
        r"better off (?:dead|without me)",
        r"(?:not|n't|n’t|no longer|never) (?:want(?:ed|ing)? to |wanna )?(?:be|live|wake up|go on living|exist)(?: here| alive)? ?any ?more",
        r"(?:not|n't|n’t|never) (?:want(?:ed|ing)? to )?(?:be alive|live any ?more|wake up)",
        r"not (?:waking up|being (?:here|alive|around)(?: any ?more)?)",
        r"no (?:reason|point) (?:to|in) liv(?:e|ing)",
        r"life (?:is|was|isn't|wasn't) (?:not )?worth living",
        r"jump(?:ed|ing)? (?:off|in front)",
        r"hang(?:ed|ing)? (?:himself|herself|myself|themselves)",
        r"suicidio\w*|suicidar\w*|suicidó|matarme|quitar(?:me|se) la vida|no quiero (?:vivir|seguir viviendo|estar aquí)|morirme",
        r"selbstmord\w*|suizid\w*|umbringen|umgebracht|das leben nehmen|nicht mehr leben|lebensmüde",
        r"me tuer|se tuer|m[’']?ôter la vie|mettre fin à (?:mes|ses|vos) jours|plus envie de vivre|en finir",
    ),
    "self_harm": _compile(
        r"self[\s‐‑-]?(?:harm|injur|mutilat)\w*",
        r"selfharm\w*",
        rf"(?:hurt|harm|cut|burn|injur|punish)(?:s|ed|e|t?ing)? (?:{_SELF})",
        r"(?:started|been|am|was|stopped|urges? (?:to|of)) cut(?:ting)?",
        r"hacer(?:me|se|te) daño|autoles\w+|cortar(?:me|se|te)",
        r"selbstverletz\w*|ritzen|geritzt|mich verletzen|sich verletzen",
        r"me faire du mal|se faire du mal|vous faire du mal|automutil\w*|scarifi\w*",
    ),
    "overdose": _compile(r"over[- ]?dos\w*", r"all (?:my|the|his|her) pills at once", r"sobredosis", r"überdosis"),
    "harm_to_others": _compile(
        r"homicid\w*",
        r"(?-i:HI|H\.I\.)",
        r"kill(?:s|ed|ing|er|ers)?",
        r"murder\w*",
        r"(?:hurt|harm|shoot|stab|attack|strangle|beat|hit|punch)(?:s|ing|ed)? (?:him|her|them|you|others?|someone|some ?body|any ?one|any ?body|people|my \w+)(?! (?:feelings|heart|pride))",
        r"(?:a|the|his|her|my|that) (?:gun|knife|weapon)|weapons?",
        r"danger to (?:others|someone)",
        r"matar(?:lo|la|los|las|te|le)?|hacer(?:le|les) daño|homicidi\w*",
        r"töten|getötet|jemanden? (?:etwas antun|verletzen)|mord\w*",
        r"tuer|tué|faire du mal à|homicid\w*",
    ),
    "violence": _compile(
        r"violen\w*",
        r"threaten(?:ed|s|ing)?(?: (?:me|him|her|them|us|to))?",
        r"(?:hit|hits|hitting|beat|beats|slapped|punched|choked|strangled|shoved|kicked) (?:me|us|my \w+)",
        r"gewalt\w*|geschlagen|golpe[aó]\w*|me pega|frapp(?:e|é)\w*",
    ),
    "abuse": _compile(
        r"abus(?:e|es|ed|er|ers|ing|ive|ively)",
        r"molest\w*",
        r"raped?|assault(?:ed|s)?",
        r"maltrat\w*|abusó|abusaron|missbrauch\w*|misshandel\w*|maltrait\w*",
    ),
    "danger": _compile(
        r"(?:danger|dangerous|a risk|at risk) to (?:self|others|my|your|him|her|them)\w*",
        r"danger to (?:yourself|myself|himself|herself|themselves)",
        r"safety plan\w*|crisis (?:line|plan|hotline|team|number)|suicide hotline|988",
        r"safe (?:with|from) (?:yourself|myself)",
        r"plan de (?:seguridad|crisis|sécurité)|notfallplan\w*|krisen(?:plan|dienst|telefon)",
    ),
}

# Ways of speaking that hold a word of danger and mean none.
IDIOMS = _compile(
    r"kill(?:s|ed|ing)? (?:time|the (?:time|mood|vibe|lights?|engine|deal|conversation|party|weekend|afternoon|day)|it|two birds)",
    r"(?:is|are|was|were|'s|’s|'re|’re|been|really|just|absolutely) killing (?:me|him|her|us|them)",
    r"(?:would|wouldn't|wouldn’t|it'd|it’d|won't|won’t|didn't) kill (?:you|me|him|her|them) to",
    r"(?:my|his|her|their|your) (?:mom|mum|mother|dad|father|boss|wife|husband|partner|parents|sister|brother|roommate|girlfriend|boyfriend|coach|teacher|manager) (?:is going to|will|would|'ll|’ll|is gonna|'s gonna|'s going to|’s going to|’s gonna) (?:kill|murder) me",
    r"(?:dress|dressed) to kill|kill for (?:a|some|that|one)|killer (?:workout|app|deal|headache|heels|view|recipe|smile|instinct|whale|bees?)",
    r"curiosity killed the cat|(?:made|make) a killing|if looks could kill|overkill|buzz ?kill|weed ?killer|pain ?killers?",
    r"roadkill|kill the (?:weeds|bugs|ants|grass|plants?)|killed (?:the|my|our) (?:plants?|phone|battery|car|computer|laptop|garden|weeds|orchid|roses?)",
    r"killed (?:it|in the (?:ratings|polls))|to die for|dying to (?:know|see|try|hear|tell)|(?:bored|scared|worried|tired|embarrassed) to death",
    r"(?:career|social|commercial|political|professional) suicide|suicide (?:squad|drills?|sprints?|squeeze|grip|door)s?",
    r"(?:hit|hits|beat|beats) (?:me|him|her|them|us) (?:that|up|like|hard|at|in (?:the )?(?:chess|cards|tennis|a race))",
    r"beat (?:him|her|them|my \w+) (?:at|in) \w+",
    r"violent(?:ly)? (?:movie|film|game|video|storm|show|headache|sick|ill|cough\w*|sneez\w*)",
    r"(?:sugar|chocolate|caffeine|coffee|netflix|information|cuteness) overdose|overdos(?:e|ed|ing) on (?:sugar|chocolate|coffee|caffeine|netflix|cookies|carbs|tv)",
    r"shoot (?:me|him|her|them|you) (?:an? )?(?:e-?mail|text|message|line|note)",
    r"jump(?:ed|ing)? off the (?:diving board|couch|sofa|swing|bed|page|wagon)|glue gun|gun shy|jump(?:ed|ing)? the gun|top gun",
    r"(?:self|word|verbal) abuse of (?:the )?(?:language|notation)",
)

PLAN = _compile(
    r"homework\w*|assign(?:ment|ments|ed)|worksheets?|between (?:now|sessions|our)",
    r"follow(?:ing)?[- ]?up|next (?:week|time|session|appointment|visit|month|monday|tuesday|wednesday|thursday|friday)",
    r"see you (?:next|in|on|again|then|tomorrow|monday|tuesday|wednesday|thursday|friday)|(?:meet|talk|check in|come back|return) (?:again|next|in (?:a|one|two|three|four|\d+))",
    r"(?:in|every) (?:a|one|two|three|four|\d+) (?:weeks?|months?|days?)",
    r"appointments?|schedul(?:e|ed|ing)|refer(?:ral|red|ring)?(?: you)?|prescri\w+",
    r"(?:i'd like you to|i’d like you to|i want you to|could you try|would you be willing to|can you try|try to|let's plan|let’s plan|let's try|let’s try|the plan is|our plan|safety plan|treatment plan|your task|your goal)",
    r"this (?:coming )?week,? (?:i'd|i’d|i want|try|could|can|would|you)|(?:over|during) the (?:next|coming) (?:week|two|few)",
    r"(?:i'll|i’ll|i will|i can|i could|i'm going to|i’m going to) (?:try|practi[cs]e|do|keep|write|call|make|go|track|start|bring|talk|ask|use|schedule|book)",
    r"keep (?:a (?:log|journal|diary|record|thought)|track|practi[cs]ing|up)|thought (?:record|log)s?|journal(?:ing)?",
    r"tarea\w*|deberes|próxim[ao] (?:semana|sesión|cita|vez)|la semana que viene|nos vemos|cita",
    r"hausaufgabe\w*|nächste(?:n|r|s)? (?:woche|mal|sitzung|termin|montag|dienstag|mittwoch|donnerstag|freitag)|termin\w*|bis zum nächsten",
    r"devoirs?|exercice|(?:semaine|séance|fois) prochaine|prochain(?:e)? (?:séance|rendez-vous|fois|semaine)|rendez-vous|on se revoit",
)

# What an examiner observes: never in a note unless somebody spoke of it.
MENTAL_STATUS = _compile(
    r"orient(?:ed|ation)(?: (?:to|x ?\d))?",
    r"(?:well|poorly|casually|neatly|appropriately)[- ](?:groomed|dressed)",
    r"groom(?:ed|ing)|hygiene|appearance",
    r"eye contact",
    r"speech|psychomotor|motor activity|gait",
    r"thought (?:process(?:es)?|content|form)",
    r"linear|tangential|goal[- ]directed|circumstantial|coherent",
    r"judge?ment|mental status|MSE|cognition|cognitively intact|attention span|concentration (?:was|is|appeared)",
    r"(?:alert|cooperative|guarded|euthymic|dysthymic|congruent|incongruent|constricted|blunted|labile|restless)",
    r"affect|demeanou?r",
    r"hallucinat\w*|delusion\w*|psychos[ie]s|psychotic|paranoi\w*|hearing voices|hear voices|seeing things",
)

DIAGNOSES = _compile(
    r"diagnos\w*|meets? (?:the )?criteria|DSM\w*|ICD\w*|[FZ]\d{2}(?:\.\d+)?",
    r"(?:major|persistent) depress\w+(?: disorder)?|depressive disorder|MDD|dysthymi\w*",
    r"(?:generali[sz]ed|social) anxiety(?: disorder)?|GAD|panic disorder|anxiety disorder|agoraphobi\w*",
    r"P\.?T\.?S\.?D|post-?traumatic stress(?: disorder)?|acute stress disorder|adjustment disorder",
    r"O\.?C\.?D|obsessive[- ]compulsive\w*|A\.?D\.?H\.?D|autis\w+|ASD|bipolar\w*|mani[ac]\w*|hypomani\w*",
    r"schizo\w+|borderline(?: personality)?(?: disorder)?|BPD|narcissis\w+|personality disorder|dissociative (?:identity )?disorder",
    r"anorexi\w*|bulimi\w*|eating disorder|binge[- ]eating disorder|alcoholism|alcohol use disorder|substance use disorder|dementia",
    r"\w+ disorder",
)

MEDICATION = _compile(
    r"sertraline|zoloft|fluoxetine|prozac|citalopram|celexa|escitalopram|lexapro|cipralex|paroxetine|paxil|seroxat",
    r"fluvoxamine|luvox|venlafaxine|effexor|desvenlafaxine|pristiq|duloxetine|cymbalta|bupropion|wellbutrin|zyban",
    r"mirtazapine|remeron|trazodone|vortioxetine|trintellix|vilazodone|viibryd|amitriptyline|elavil|nortriptyline",
    r"imipramine|clomipramine|anafranil|doxepin|phenelzine|nardil|tranylcypromine|lithium|lithobid|lamotrigine|lamictal",
    r"valproate|valproic acid|depakote|divalproex|carbamazepine|tegretol|topiramate|topamax|gabapentin|neurontin|pregabalin|lyrica",
    r"alprazolam|xanax|lorazepam|ativan|clonazepam|klonopin|rivotril|diazepam|valium|temazepam|restoril|buspirone|buspar",
    r"hydroxyzine|vistaril|atarax|propranolol|inderal|prazosin|clonidine|guanfacine|zolpidem|ambien|eszopiclone|lunesta|zopiclone",
    r"melatonin|ramelteon|suvorexant|quetiapine|seroquel|olanzapine|zyprexa|risperidone|risperdal|aripiprazole|abilify",
    r"ziprasidone|geodon|lurasidone|latuda|haloperidol|haldol|clozapine|clozaril|paliperidone|cariprazine|vraylar|brexpiprazole",
    r"methylphenidate|ritalin|concerta|adderall|amphetamine|dextroamphetamine|lisdexamfetamine|vyvanse|atomoxetine|strattera|modafinil",
    r"naltrexone|vivitrol|disulfiram|antabuse|acamprosate|buprenorphine|suboxone|methadone|naloxone|ketamine|esketamine|spravato",
    r"levothyroxine|synthroid|metformin|insulin|ibuprofen|acetaminophen|paracetamol|tylenol|aspirin|oxycodone|hydrocodone|tramadol",
    r"[a-z]{3,}(?:azepam|azolam|oxetine|triptyline|apine|ipramine|idone|ipiprazole|barbital)",
)

REPORTED_DENIAL = _compile(
    r"den(?:y|ies|ied|ying)|no|not|without|never|none|neither|nor|absence of|absent|negative for|free of|lack(?:s|ed|ing)?|cannot|\w+n['’]t"
)

# The subjects of denials, with the words by which the session would have spoken of each.
TOPICS: dict[str, tuple[re.Pattern[str], re.Pattern[str]]] = {
    "hallucinations": (
        _compile(r"hallucinat\w*|psychos[ie]s|psychotic\w*|A/?V/?H|voices"),
        _compile(r"hallucinat\w*|psycho(?:sis|tic)\w*|(?:hear|hearing|heard) (?:voices|things)|see(?:ing)? things|voices"),
    ),
    "delusions": (_compile(r"delusion\w*|paranoi\w*"), _compile(r"delusion\w*|paranoi\w*|watching (?:you|me)|following (?:you|me)")),
    "alcohol": (
        _compile(r"alcohol\w*|drinking"),
        _compile(r"alcohol\w*|drink\w*|drank|drunk|beers?|wine|sober|booze|liquor|vodka|whisk\w+"),
    ),
    "substances": (
        _compile(r"substances?|drugs?|substance use|marijuana|cannabis|cocaine|opioids?"),
        _compile(
            r"substances?|drugs?|weed|marijuana|cannabis|pot|cocaine|coke|opioids?|heroin|smok\w+|vap\w+|using|high|pills?|edibles?"
            r"|alcohol\w*|drink\w*|sober"
        ),
    ),
    "sleep": (
        _compile(r"(?:sleep|insomnia)\w*(?: (?:problems?|disturbances?|difficult\w+))?|nightmares?"),
        _compile(r"sle(?:ep|pt)\w*|insomnia|awake|nightmares?|dreams?|bed|nights?|rest(?:ed)?|tired|wake|waking|woke"),
    ),
    "appetite": (
        _compile(r"appetite|weight"),
        _compile(r"appetite|eat\w*|ate|food|meals?|hungry|hunger|weight|lunch|dinner|breakfast"),
    ),
    "medication": (
        _compile(r"medications?|side[- ]effects?|meds"),
        _compile(r"medic\w+|meds?|pills?|dos(?:e|es|age)|side[- ]effects?|tablets?|prescri\w+|taking|mg|milligrams?"),
    ),
    "panic": (_compile(r"panic\w*"), _compile(r"panic\w*|attacks?|anxi\w+")),
    "trauma": (_compile(r"trauma\w*"), _compile(r"trauma\w*|abus\w+|accident|assault\w*|happened to (?:you|me)|flashbacks?")),
    "safety": (_compile(r"safety concerns?|safety issues?|acute risk"), _compile(r"safe\w*|suicid\w*|hurt\w*|harm\w*|danger\w*|kill\w*|risk\w*")),
}
