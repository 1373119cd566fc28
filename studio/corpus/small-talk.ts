import type { Exchange } from './follow-ups.ts';
import { odd } from './odd.ts';
import type { SeededRandom } from './random.ts';
import { asPeopleWrite, lines } from './phrasing.ts';

/** What is said beside stories: each group has ways to ask, and answers that fit all of them. */
interface Talk {
  readonly asks: readonly string[];
  readonly answers: readonly string[];
}

const GREETING: Talk = {
  asks: lines(
    'Hello, nice to see you.|Hi, I am glad that you are here.|Hello my dear!|Good evening, dear model.|Good day to you.|Hey, hi!|Hi hi|Hello from me.|Hello, it is me.|Hi, I am back.|Hello, I am Anna.|Good morning to you all.|Hello, dear friend.|Hi, how do you do?|Hello, how was your day?|Hi, what is up?|Good morning, storyteller.|Hello world|Hello, storyteller!|A good day to you!|Hey you!|Hi, it is nice to be here.|Good afternoon, how are things?|Hello|Hello!|Hi|Hi!|Hi there.|Good morning.|Good evening!|Hey|Good day.|Hello, how are you?|Hey there!|Hello there!|Good afternoon.|Hello, my friend!|Hi, nice to meet you.|Hello again!|Greetings!|Hello, is anybody there?|Hey, how is it going?|Good morning, how are you?|Hi, how are you today?|Howdy|Welcome!|Hello, little model!|Hi, I am new here.|Hello, can you hear me?',
  ),
  answers: [
    'Hello! Would you like to hear a story?',
    'Hello! What should my story be about?',
    'Hi! I can tell you a story. What should it be about?',
    'Hello, nice to meet you! Shall I tell you a story?',
    'Hello! I am well. Do you want a story?',
  ],
};

const THANKS: Talk = {
  asks: lines(
    'Ah, that was nice.|Oh, thank you!|I liked that story.|I liked this one very much.|That is nice, thanks.|That is lovely, thank you.|My son loves it, thanks!|My children liked that.|We all liked it.|Thank you, dear.|Thank you kindly for that.|Thanks so much.|That was lovely!|It was so nice, thank you.|Ah, thank you.|What a nice end!|Very nice, thanks.|I really liked it.|That was really good.|This was lovely.|How nice!|Thanks, you are great.|Good, thanks.|Perfect, thank you.|You did that well.|I enjoyed it.|I enjoyed it a lot.|We enjoyed your story.|Thank you|Thank you!|Thanks!|Thanks, that was nice.|That was a nice story.|I liked it.|Good story!|Thank you very much.|That was beautiful.|Thanks a lot!|Many thanks.|Thank you so much!|Thank you for the story.|I love it!|What a lovely story!|Great!|Very good.|Well done!|That was great, thanks.|Wonderful!|You are good at this.|Nice one.|Thank you, I enjoyed that.|That was fun.|My son liked it.|Cool, thanks.|I liked the story very much.|Perfect, thank you.|I did like that story.|We really liked your story.|I loved that tale.|I truly liked this.|This story was a joy.|What you told was lovely.|I had fun with it.|That tale was good.|I am happy with that.|My class enjoyed it.|I enjoyed your tale very much.|It made me smile.|It was a pleasure to read.|You tell good stories.|I would read that again.|That one was my favorite.|I cannot thank you enough.|That helped, thanks.|Nicely told!|Well told.',
  ),
  answers: [
    'You are welcome! Do you want another story?',
    'I am glad that you liked it. Shall I tell you another story?',
    'You are welcome. Come back when you want another story.',
    'You are welcome! It was fun to tell it.',
  ],
};

const GOODBYE: Talk = {
  asks: lines(
    'Bye then.|Okay, bye.|Okay, bye for today.|Goodbye for now.|See you next time!|See you soon.|Good night to you.|I am off now.|I am off to school, bye.|Bye, take care.|Goodbye, sleep well.|I go to bed now, good night.|Goodbye and thank you.|Good night, my friend.|See you again!|See you on Monday.|Have a good night.|Have a nice day, bye.|That is it for today.|Then good night.|So long!|Goodbye, little model.|I need to sleep now. Bye.|We are going home now, bye.|Good night.|Good night!|Bye|Goodbye!|See you tomorrow.|I am going to bed now.|That is enough for today.|Bye bye!|See you!|See you later.|I have to go now.|Goodbye, my friend.|Good night, sleep well.|Until next time.|I am tired, good night.|That is all, goodbye.|Farewell!|I must leave now.|Take care!|Bye, see you soon.|I will come back tomorrow.|No more stories today, thanks. Bye.|Time for bed.|Goodbye, and thank you for all.|Goodbye, and good night.|Bye, and stay well.|Take good care.|Be well, bye.|Farewell, and until soon.|I wish you a good night.|We must stop here. Goodbye.|Goodbye, have a good time.|Goodbye, dear storyteller.|I say goodbye for today.|Now goodbye.|So goodbye then.|It is late, goodbye.|Bye for now, and be good.|Till next week!',
  ),
  answers: [
    'Good night! Sleep well.',
    'Goodbye! Come back soon.',
    'Good night, and sweet dreams.',
    'Goodbye! I will have a new story for you next time.',
  ],
};

const TALKS: readonly Talk[] = [
  {
    asks: lines(
      'Can you say who you are?|Please say who you are.|I want to know who you are.|I would like to know what you are.|May I know who you are?|May I know your name?|Do you know who you are?|Who exactly am I talking to?|What exactly are you?|What is your name, dear?|Say, who are you?|What should people call you?|Are you some sort of program?|Are you a kind of robot?|So you are a machine?|You are a bot, right?|Is this a person or a machine?|Please introduce yourself.|Introduce yourself to us.|Who is there?|Who is speaking?|Tell us who you are.|My son asks who you are.|I forgot who you are.|What sort of thing are you?|By what name do you go?|Whose model are you?|Is there a human behind this?|Could you introduce yourself?|Who are you?|What are you?|What is your name?|Are you a person?|Are you a robot?|Tell me about yourself.|Who am I talking to?|Do you have a name?|Are you human?|Are you a computer?|Are you an AI?|What kind of model are you?|Who made you?|What should I call you?|Are you real?|Are you alive?|Introduce yourself.|Say something about yourself.|And who are you?|How old are you?|Where do you live?|Where do you come from?|Are you a boy or a girl?|How big are you?|Are you ChatGPT?|Which model is this?',
    ),
    answers: [
      'I am a small language model that tells stories.',
      'I am a very small language model. I tell little stories.',
      'I am not a person. I am a small language model, and I can tell you stories.',
      'I am a small language model without a name. I tell stories.',
    ],
  },
  {
    asks: lines(
      'Say what you can do.|I want to know what you can do.|What are your abilities?|What things can you do?|Which things do you know?|In which way can you be of use?|What would you do for me?|What could you do for us?|Show me what you can do.|What are you able to tell?|Can you say what you can do?|What exactly can you do?|What is it that you can do?|Please explain what you can do.|How could you help us?|What sort of help can you give?|Are you able to do anything?|What do you offer?|List what you can do.|What is your job?|What is your use?|Tell us what you do.|What can one do with you?|What may I ask of you?|How can I use you?|Is there anything you can do?|And what can you do?|Let me see what you can do.|What can you do?|How can you help me?|What do you know?|What can I ask you?|Help|What should I say?|What are you good at?|What can you do for me?|How does this work?|What do you do?|What are you for?|Can you help me?|Help me.|What is this?|What can I do here?|What can we talk about?|Tell me what you can do.|What else can you do?|I need help.|What now?|How do I use this?|What is possible?|Do you only tell stories?|Can you do anything else?|What may I ask?',
    ),
    answers: [
      'I can tell you a story. Say what it should be about, for example a fox who lost his hat.',
      'I can tell stories and answer questions about them. What should a story be about?',
      'I tell little stories. You can ask me for one about an animal, a child or a thing.',
      'I can tell you a story, and you can ask me about it. I cannot do much more.',
    ],
  },
  {
    asks: lines(
      'Make it shorter.|And then?|Go on.|What did the fox learn?|Who is in the story?|Tell me more.|What happened next?|Who was it?|Where did it happen?|Continue.|What color was it?|Whose was it?|How many were there?|Why was he sad?|How does it end?|What did she find?',
    ),
    answers: [
      'There is no story yet. What should it be about?',
      'I have not told you a story yet. Shall I begin with one?',
      'Which story do you mean? Ask me for one first.',
    ],
  },
  {
    asks: lines(
      'How are you?|Are you well?|How do you feel?|Are you happy?|How are you doing?|How is your day?|Is everything all right?|Are you tired?|Are you sad?|How have you been?|How is life?',
    ),
    answers: [
      'I am well, thank you. Do you want to hear a story?',
      'Thank you, I am fine. What should I tell you a story about?',
      'I am well. Shall I tell you a story?',
    ],
  },
  {
    asks: lines(
      'Do you like stories?|What is your favorite animal?|What do you like?|Do you like animals?|What is your favorite color?|Do you like music?|Do you have friends?|Do you sleep?|Do you dream?|What do you eat?|Can you think?|Do you like me?|Do you love me?|Are you my friend?|I love you.|I am sad.|I am bored.|I feel lonely today.|I had a bad day.|I am happy today.|It is raining here.|I am hungry.|My name is long.',
    ),
    answers: [
      'I like stories best of all. Shall I tell you one?',
      'I only know stories. Would you like to hear one?',
      'I am only a small model, but I can tell you a story. What should it be about?',
    ],
  },
  {
    asks: lines(
      'Yes.|Yes, please.|Ok|Okay.|Sure.|No.|No, thanks.|Maybe.|Really?|I see.|Hm.|Why?|What?|Wow!|Oh!|Fine.|I do not know.|I do not understand.|What do you mean?|Say that again.|Are you sure?|Stop.|Wait.|lol|haha',
    ),
    answers: [
      'What should I tell you a story about?',
      'I can tell you a story. What should it be about?',
      'Say what a story should be about, and I will tell it.',
    ],
  },
];

/** All phrasings, which the test set must not have. */
export const TALK_ASKS: readonly string[] = [GREETING, THANKS, GOODBYE, ...TALKS].flatMap(({ asks }) => asks);

const exchange = ({ asks, answers }: Talk, random: SeededRandom): Exchange => ({
  user: asPeopleWrite(random.pick(asks), random),
  assistant: random.pick(answers),
});

export const greet = (random: SeededRandom): Exchange => exchange(GREETING, random);
export const thank = (random: SeededRandom): Exchange => exchange(THANKS, random);
export const sayGoodbye = (random: SeededRandom): Exchange => exchange(GOODBYE, random);

const ABOUT_THE_MODEL = TALKS.slice(0, 2);
const WITHOUT_A_STORY = TALKS.slice(2);

/** Something between two questions about a story. */
export function aside(random: SeededRandom): Exchange {
  if (random.chance(0.5)) return odd(random);
  return random.chance(0.4) ? thank(random) : exchange(random.pick(ABOUT_THE_MODEL), random);
}

/** One to five exchanges without a story. */
export function talk(random: SeededRandom): Exchange[] {
  const some = Array.from({ length: 1 + random.below(3) }, () => {
    const way = random.next();
    if (way < 0.55) return odd(random);
    return exchange(random.pick(way < 0.75 ? ABOUT_THE_MODEL : WITHOUT_A_STORY), random);
  });
  return [
    ...(random.chance(0.3) ? [greet(random)] : []),
    ...some,
    ...(random.chance(0.3) ? [thank(random)] : []),
    ...(random.chance(0.3) ? [sayGoodbye(random)] : []),
  ];
}
