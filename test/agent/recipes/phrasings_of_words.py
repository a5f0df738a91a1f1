"""How people ask for a word, a count or an angle: question → what it asks, as `brief` says."""

DIRECTION = {
    'Is the mug left or right of the tape?': 'direction mug tape left/right',
    'Seen from the camera, is the mug left or right of the tape?':
        'direction mug tape left/right from camera',
    'Seen from the camera, is the mug to the left or to the right of the tape?':
        'direction mug tape left/right from camera',
    'From the camera, is the mug to the left or right of the tape?':
        'direction mug tape left/right from camera',
    "From the camera's point of view, is the mug left or right of the tape?":
        'direction mug tape left/right from camera',
    'As seen from the robot, is the mug left or right of the tape?':
        'direction mug tape left/right from robot',
    'Is the mug to the right or to the left of the tape, seen from the camera?':
        'direction mug tape right/left from camera',
    'Is the mug on the left or on the right of the tape?': 'direction mug tape left/right',
    'Is the mug on the left side or the right side of the tape?': 'direction mug tape left/right',
    'Is the mug in front of or behind the tape?': 'direction mug tape front/behind',
    'Is the mug behind or in front of the tape?': 'direction mug tape behind/front',
    'Is the mug above or below the tape?': 'direction mug tape above/below',
    'In the image, is the mug left or right of the tape?':
        'direction mug tape left/right from camera',
    'On which side of the tape is the mug?': 'direction mug tape',
    'Which side of the tape is the mug on?': 'direction mug tape',
    'Where is the mug relative to the tape?': 'direction mug tape',
    'Where is the mug with respect to the tape?': 'direction mug tape',
    'In which direction is the mug from the tape?': 'direction mug tape',
    'Is the mug left of the tape?': 'direction mug tape left?',
    'Is the mug to the right of the tape?': 'direction mug tape right?',
    'Is the mug behind the tape?': 'direction mug tape behind?',
    'Is the mug in front of the tape?': 'direction mug tape front?',
    'Is the mug below the desk lamp?': 'direction mug desk_lamp below?',
    'Does the mug stand to the left of the tape?': 'direction mug tape left?',
    'Looking from the camera, is the mug located to the left of the tape?':
        'direction mug tape left? from camera',
    'Is the mug in front of the tape or behind it?': 'direction mug tape front/behind',
}

WHICH = {
    'Which of mug, tape and keyboard is nearest to the camera?':
        'which near mug,tape,keyboard ref camera',
    'Which of the mug, the tape and the keyboard is closest to the door?':
        'which near mug,tape,keyboard ref door',
    'Of the keyboard, the mug and the tape, which is nearest (closest points) to the door?':
        'which near keyboard,mug,tape ref door',
    'Which is closer to the camera, the mug or the tape?': 'which near mug,tape ref camera',
    'Which one is farther from the door: the mug or the tape?': 'which far mug,tape ref door',
    'Which is nearer to the door, the mug or the tape?': 'which near mug,tape ref door',
    'Is the mug or the tape closer to the door?': 'which near mug,tape ref door',
    'What is closer to the door, the mug or the tape?': 'which near mug,tape ref door',
    'Which is taller, the mug or the tape?': 'which tall mug,tape',
    'Which is the tallest, the mug, the tape or the door?': 'which tall mug,tape,door',
    'Which of the mug, the tape and the door is the tallest?': 'which tall mug,tape,door',
    'Which is higher above the table, the mug or the cracker box as it lies?':
        'which high mug,cracker_box above table',
    'Which is bigger, the mug or the tape?': 'which big mug,tape',
    'Which is the largest of the mug, the tape and the door?': 'which big mug,tape,door',
    'Which of the two is smaller, the mug or the tape?': 'which small mug,tape',
    'Which is smaller, the mug or the tape?': 'which small mug,tape',
    'Which of the mug and the tape is wider?': 'which wide mug,tape',
    'Which book is nearest to the mug?': 'which near joke_book,bunny_book ref mug',
    'Which book is closer to the camera?': 'which near joke_book,bunny_book ref camera',
    'Which book is the tallest?': 'which tall joke_book,bunny_book',
    'Which can in the bin is the farthest from the camera?':
        'which far coke_can,soup_can ref camera',
    'What is the farthest can from the camera?': 'which far coke_can,soup_can ref camera',
    'Which can is leftmost?': 'which left coke_can,soup_can',
    'Which can is farthest to the right?': 'which right coke_can,soup_can',
    'Name the tallest can on the table': 'which tall coke_can,soup_can',
    'Among the mug, the tape and the door, which one is the farthest from the camera?':
        'which far mug,tape,door ref camera',
    'Is the mug taller than the tape?': 'compare tall mug tape',
    'Is the mug closer to the door than the tape?': 'compare near mug tape ref door',
    'Is the mug closer to the camera than the tape is?': 'compare near mug tape ref camera',
    'Is the mug bigger than the tape?': 'compare big mug tape',
    'Is the mug higher than the tape?': 'compare high mug tape',
    'Is the mug lower than the tape?': 'compare low mug tape',
    'Is the mug closer than the tape?': 'compare near mug tape',
    'Which is nearest the door, the mug or the tape?': 'which near mug,tape ref door',
    'Which is nearest, the door, the mug or the tape?': 'which near door,mug,tape',
    'Is the mug nearer the door than the tape?': 'compare near mug tape ref door',
    'Which can is nearest the door?': 'which near coke_can,soup_can ref door',
    'Which is taller the mug or the tape?': 'which tall mug,tape',
    'Is the top of the mug higher than the tape?': 'compare high top:mug tape',
    'Is the mug closer to the door or to the heater?': 'which near door,heater ref mug',
    'Is the mug nearer to the door or the heater?': 'which near door,heater ref mug',
    'Which of the two books is closer to the camera?': 'which near joke_book,bunny_book ref camera',
    'Of the two books, which is taller?': 'which tall joke_book,bunny_book',
    'Which of the cans is farthest from the mug?': 'which far coke_can,soup_can ref mug',
    'Which of the mug, the tape and the door is second tallest?': 'which tall #2 mug,tape,door',
    'Which is the second nearest to the door: the mug, the tape or the keyboard?':
        'which near #2 mug,tape,keyboard ref door',
    'What is the third largest of the mug, the tape and the door?': 'which big #3 mug,tape,door',
    'Which book is the second nearest to the mug?': 'which near #2 joke_book,bunny_book ref mug',
    'What is the second closest can to the camera?': 'which near #2 coke_can,soup_can ref camera',
    "From the robot's perspective, which is further left, the mug or the tape?":
        'which left mug,tape from robot',
    'Seen from the robot, which is nearer, the mug or the tape?': 'which near mug,tape from robot',
}

COUNT = {
    'How many books are in the bin?': 'count joke_book,bunny_book',
    'How many books are there?': 'count joke_book,bunny_book',
    'How many cans are on the table?': 'count coke_can,soup_can',
    'How many coke cans are on the desk?': 'count coke_can',
    'How many mugs do you see?': 'count mug',
    'How many cans can you see?': 'count coke_can,soup_can',
    'How many cans are there in the scene?': 'count coke_can,soup_can',
    'How many cans are visible?': 'count coke_can,soup_can',
    'How many cans are in the room?': 'count coke_can,soup_can',
    'How many cans are there in this room?': 'count coke_can,soup_can',
    'What is the number of books in the bin?': 'count joke_book,bunny_book',
    'Count the books.': 'count joke_book,bunny_book',
    'How many books does the bin contain?': 'count joke_book,bunny_book',
    'Could you tell me how many books are in the bin?': 'count joke_book,bunny_book',
    'How many boxes are lying on the floor?': 'count cracker_box,tissue_box',
    'How many cans do we have?': 'count coke_can,soup_can',
    'Count all the books.': 'count joke_book,bunny_book',
    'Is there a mug?': 'exists mug',
    'Are there any books?': 'exists joke_book,bunny_book',
    'Can you see the mug?': 'exists mug',
    'Do you see any cans in the image?': 'exists coke_can,soup_can',
    'Is the mug visible?': 'exists mug',
}

SUPPORT = {
    'Is the mug on the table?': 'support mug table',
    'Is the mug on the joke book?': 'support mug joke_book',
    'Is the mug on top of the joke book?': 'support mug joke_book',
    'Is the mug standing on the desk?': 'support mug desk',
    'Is the mug resting on the cracker box?': 'support mug cracker_box',
    'Does the mug stand on the cracker box?': 'support mug cracker_box',
    'Is the mug supported by the cracker box?': 'support mug cracker_box',
}

ANGLE = {
    'By how many degrees does the bunny book lean from the vertical (world z is up)?':
        'angle bunny_book vertical',
    'How much does the bunny book lean?': 'angle bunny_book vertical',
    'How many degrees does the bunny book tilt from the vertical?':
        'angle bunny_book vertical',
    'How tilted is the bunny book?': 'angle bunny_book vertical',
    'What is the tilt of the bunny book?': 'angle bunny_book vertical',
    "What is the bunny book's lean from the vertical?": 'angle bunny_book vertical',
    'What angle does the bunny book make with the vertical?': 'angle bunny_book vertical',
    'At what angle is the bunny book leaning?': 'angle bunny_book vertical',
    'By how much is the monitor tilted from the vertical?': 'angle monitor vertical',
    'What is the inclination of the table against the horizontal?':
        'angle table horizontal',
    'What is the angle between the camera viewing axis and the desk surface?':
        'angle desk surface camera_axis',
    "What is the angle between the table and the camera's optical axis?":
        'angle table camera_axis',
    'What is the angle between the bunny book and the vertical?': 'angle bunny_book vertical',
    'What is the angle between the viewing axis of the camera and the table surface?':
        'angle table surface camera_axis',
    'How steep is the table?': 'angle table horizontal',
    'What is the angle of the table relative to the horizontal?': 'angle table horizontal',
    'At what angle does the camera look at the table?': 'angle table camera_axis',
}
